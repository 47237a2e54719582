-- Whose word stands behind an entry of a player's own. Package player describes it.

-- both
ALTER TABLE player_entry ADD COLUMN own_word BIGINT NOT NULL DEFAULT 1; -- 1: the player handed it in; 0: a connection brought it
ALTER TABLE player_entry ADD COLUMN evidence TEXT NOT NULL DEFAULT ''; -- address that shows it, https only; '' none
