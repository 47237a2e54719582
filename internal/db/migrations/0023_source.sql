-- When sources brought nothing, what they bring beside one another, and whose their messages are. Package source describes it.

CREATE TABLE source_gap (
    source_id TEXT   NOT NULL REFERENCES source ON DELETE CASCADE,
    from_at   BIGINT NOT NULL,
    to_at     BIGINT NOT NULL, -- it was over
    why       TEXT   NOT NULL, -- 'paused', 'silent'
    PRIMARY KEY (source_id, from_at, why)
);

ALTER TABLE source ADD COLUMN shared BIGINT NOT NULL DEFAULT 0; -- 1: it may bring keys that another source of the board brings

ALTER TABLE source_held ADD COLUMN player_id TEXT NOT NULL DEFAULT ''; -- account whose source it is, '' a board's
ALTER TABLE source_recent ADD COLUMN player_id TEXT NOT NULL DEFAULT ''; -- as of source_held
UPDATE source_held SET player_id = (SELECT s.player_id FROM source s WHERE s.source_id = source_held.source_id);
UPDATE source_recent SET player_id = (SELECT s.player_id FROM source s WHERE s.source_id = source_recent.source_id);

-- only postgres
-- As of player_entry: of what was sent to players' own sources a transaction sees nothing but that of the players it says it acts for (cairn.sent_to).
ALTER TABLE source_held ENABLE ROW LEVEL SECURITY;
ALTER TABLE source_held FORCE ROW LEVEL SECURITY;
CREATE POLICY source_held_own ON source_held USING (player_id = '' OR player_id = ANY (string_to_array(current_setting('cairn.sent_to', true), ',')));
CREATE POLICY source_held_copy ON source_held USING (current_setting('cairn.copy', true) = 'on');
ALTER TABLE source_recent ENABLE ROW LEVEL SECURITY;
ALTER TABLE source_recent FORCE ROW LEVEL SECURITY;
CREATE POLICY source_recent_own ON source_recent USING (player_id = '' OR player_id = ANY (string_to_array(current_setting('cairn.sent_to', true), ',')));
CREATE POLICY source_recent_copy ON source_recent USING (current_setting('cairn.copy', true) = 'on');
