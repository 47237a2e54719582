-- The turns of a board's rhythm: each period closes and is released once. Package release describes it.

CREATE TABLE release_turn (
    board_id    TEXT   NOT NULL REFERENCES board,
    first_day   TEXT   NOT NULL, -- ISO, of the period
    period      TEXT   NOT NULL,
    closes_at   BIGINT NOT NULL, -- the draft is calculated
    releases_at BIGINT NOT NULL, -- and published
    state       TEXT   NOT NULL, -- 'waiting', 'closed', 'held', 'released', 'empty', 'failed'
    why         TEXT   NOT NULL, -- of what it is held, empty or failed
    release_id  TEXT   NOT NULL, -- '' none yet
    changed_at  BIGINT NOT NULL,
    PRIMARY KEY (board_id, first_day)
);
