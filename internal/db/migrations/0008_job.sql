-- Durable work. Package job describes it.

CREATE TABLE job (
    job_id       TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    kind         TEXT   NOT NULL,
    key          TEXT   NOT NULL, -- what it is about
    payload      TEXT   NOT NULL, -- JSON
    state        TEXT   NOT NULL, -- 'waiting', 'running', 'skipped', 'dead'
    wanted_at    BIGINT NOT NULL, -- when it was to be done
    due          BIGINT NOT NULL, -- when it may be begun; while it runs, when its lease ends
    attempt      BIGINT NOT NULL, -- how often it was begun
    broken       BIGINT NOT NULL, -- how often it ended Internal, or was left by a program that died
    lease        TEXT   NOT NULL, -- of the program that runs it, '' none
    reason       TEXT   NOT NULL, -- why it waits again, was skipped or is dead, '' it has not ended yet
    ended_at     BIGINT NOT NULL  -- when it was skipped or died, 0 neither
);
CREATE UNIQUE INDEX job_waiting ON job (kind, key) WHERE state = 'waiting';
CREATE INDEX job_due ON job (due) WHERE state = 'waiting' OR state = 'running';
