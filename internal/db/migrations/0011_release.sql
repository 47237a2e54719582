-- The turns of a board's rhythm: each period closes and is released once. Package release describes it.

CREATE TABLE release_turn (
    board_id    TEXT   NOT NULL REFERENCES board,
    first_day   TEXT   NOT NULL, -- ISO, of the period
    period      TEXT   NOT NULL,
    closes_at   BIGINT NOT NULL, -- the draft is calculated
    releases_at BIGINT NOT NULL, -- and published
    state       TEXT   NOT NULL, -- 'waiting', 'closed', 'held', 'released', 'empty', 'failed', 'left out'
    why         TEXT   NOT NULL, -- of what it is held, empty or failed
    release_id  TEXT   NOT NULL, -- '' none yet
    changed_at  BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL, -- nothing more happens by itself, and the next period's turn begins; 0 not yet
    PRIMARY KEY (board_id, first_day)
);

-- Jobs are claimed kind by kind, so that many of one kind do not keep the others waiting. Package job describes it.
DROP INDEX job_due;
CREATE INDEX job_due ON job (kind, due) WHERE state = 'waiting' OR state = 'running';
