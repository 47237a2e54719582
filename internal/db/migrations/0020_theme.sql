-- How a board looks, and a domain of its own. Package theme describes looks, package board keeps them.

ALTER TABLE board ADD COLUMN theme TEXT NOT NULL DEFAULT ''; -- JSON, '' Cairn's own

CREATE TABLE board_logo (
    board_id   TEXT   NOT NULL PRIMARY KEY REFERENCES board,
    content    BYTEA  NOT NULL, -- PNG
    digest     TEXT   NOT NULL, -- hex, of the content
    changed_at BIGINT NOT NULL
);

CREATE TABLE board_domain (
    domain     TEXT   NOT NULL PRIMARY KEY, -- lower case, ASCII
    board_id   TEXT   NOT NULL REFERENCES board,
    asked_at   BIGINT NOT NULL,
    asked_by   TEXT   NOT NULL, -- '' always: the trail says who
    allowed_at BIGINT NOT NULL  -- by whoever runs the server; 0 not yet
);
CREATE UNIQUE INDEX board_domain_board ON board_domain (board_id);
