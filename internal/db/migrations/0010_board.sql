-- When a board is released by itself. Package board describes it.

ALTER TABLE board ADD COLUMN rhythm TEXT NOT NULL DEFAULT ''; -- JSON, '' by hand
