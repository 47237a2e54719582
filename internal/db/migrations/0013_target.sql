-- Targets. Package target describes them.

-- A target never changes: another takes its place, and it ends.
CREATE TABLE target (
    target_id TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    board_id  TEXT   NOT NULL REFERENCES board,
    metric    TEXT   NOT NULL, -- key, '' the score itself
    scope     TEXT   NOT NULL, -- 'player', 'team', 'board'
    tag_group TEXT   NOT NULL, -- of a team
    tag       TEXT   NOT NULL, -- '' every team of the group
    member    BIGINT NOT NULL, -- number of the one player, -1 all
    moved     BIGINT NOT NULL, -- 1: from players to their team
    guardrail TEXT   NOT NULL, -- metric that must not worsen meanwhile, '' none
    path      TEXT   NOT NULL, -- JSON: days and values
    why       TEXT   NOT NULL,
    from_day  TEXT   NOT NULL, -- ISO
    set_at    BIGINT NOT NULL,
    set_by    TEXT   NOT NULL, -- account, '' the console, or somebody who is gone
    ended_at  BIGINT NOT NULL, -- 0: it holds
    ended_by  TEXT   NOT NULL
);
CREATE INDEX target_board ON target (board_id, set_at);
CREATE INDEX target_set_by ON target (set_by) WHERE set_by <> '';
CREATE INDEX target_ended_by ON target (ended_by) WHERE ended_by <> '';
