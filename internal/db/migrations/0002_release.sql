-- Releases. Package release describes what the blobs hold.
--
-- A final release never changes: the triggers below refuse every change to one, whoever asks. The order of the tables
-- is that in which a copy fills them: what belongs to a release comes before the release that seals it.

CREATE TABLE release_chunk (
    board_id   TEXT   NOT NULL REFERENCES board,
    release_id TEXT   NOT NULL,
    chunk_no   BIGINT NOT NULL, -- in rank order
    players    BIGINT NOT NULL,
    content    BYTEA  NOT NULL,
    PRIMARY KEY (board_id, release_id, chunk_no)
);

CREATE TABLE release_index (
    board_id   TEXT   NOT NULL REFERENCES board,
    release_id TEXT   NOT NULL,
    name       TEXT   NOT NULL, -- by_key, standing
    cells      BIGINT NOT NULL,
    content    BYTEA  NOT NULL,
    PRIMARY KEY (board_id, release_id, name)
);

CREATE TABLE release (
    board_id     TEXT   NOT NULL REFERENCES board,
    release_id   TEXT   NOT NULL,
    number       BIGINT NOT NULL, -- of the board's final releases, as they were published; 0 for a draft
    unit         TEXT   NOT NULL,
    first_day    TEXT   NOT NULL,
    last_day     TEXT   NOT NULL,
    edition      BIGINT NOT NULL, -- 0 for a draft
    state        TEXT   NOT NULL CHECK (state IN ('draft', 'final')),
    supersedes   TEXT   NOT NULL, -- release_id of the edition before, '' none
    reason       TEXT   NOT NULL, -- of an erratum
    version      BIGINT NOT NULL, -- of the scorecard
    engine       TEXT   NOT NULL,
    players      BIGINT NOT NULL,
    scored       BIGINT NOT NULL,
    digest       TEXT   NOT NULL, -- of the bundle's manifest
    published_at BIGINT NOT NULL,
    head         BYTEA  NOT NULL, -- JSON
    PRIMARY KEY (board_id, release_id),
    UNIQUE (board_id, last_day, edition)
);
CREATE UNIQUE INDEX release_number ON release (board_id, number) WHERE state = 'final';

-- only sqlite
CREATE TRIGGER release_stays BEFORE UPDATE ON release WHEN OLD.state = 'final'
BEGIN SELECT RAISE(ABORT, 'a final release never changes'); END;
CREATE TRIGGER release_stays_there BEFORE DELETE ON release WHEN OLD.state = 'final'
BEGIN SELECT RAISE(ABORT, 'a final release never changes'); END;
-- INSERT OR REPLACE deletes without asking the trigger above.
CREATE TRIGGER release_stays_itself BEFORE INSERT ON release
WHEN EXISTS (SELECT 1 FROM release WHERE board_id = NEW.board_id AND state = 'final'
    AND (release_id = NEW.release_id OR last_day = NEW.last_day AND edition = NEW.edition))
BEGIN SELECT RAISE(ABORT, 'a final release never changes'); END;
CREATE TRIGGER release_chunk_stays BEFORE UPDATE ON release_chunk
WHEN EXISTS (SELECT 1 FROM release WHERE board_id = OLD.board_id AND release_id = OLD.release_id AND state = 'final')
    OR EXISTS (SELECT 1 FROM release WHERE board_id = NEW.board_id AND release_id = NEW.release_id AND state = 'final')
BEGIN SELECT RAISE(ABORT, 'a final release never changes'); END;
CREATE TRIGGER release_chunk_stays_there BEFORE DELETE ON release_chunk
WHEN EXISTS (SELECT 1 FROM release WHERE board_id = OLD.board_id AND release_id = OLD.release_id AND state = 'final')
BEGIN SELECT RAISE(ABORT, 'a final release never changes'); END;
CREATE TRIGGER release_chunk_stays_alone BEFORE INSERT ON release_chunk
WHEN EXISTS (SELECT 1 FROM release WHERE board_id = NEW.board_id AND release_id = NEW.release_id AND state = 'final')
BEGIN SELECT RAISE(ABORT, 'a final release never changes'); END;
CREATE TRIGGER release_index_stays BEFORE UPDATE ON release_index
WHEN EXISTS (SELECT 1 FROM release WHERE board_id = OLD.board_id AND release_id = OLD.release_id AND state = 'final')
    OR EXISTS (SELECT 1 FROM release WHERE board_id = NEW.board_id AND release_id = NEW.release_id AND state = 'final')
BEGIN SELECT RAISE(ABORT, 'a final release never changes'); END;
CREATE TRIGGER release_index_stays_there BEFORE DELETE ON release_index
WHEN EXISTS (SELECT 1 FROM release WHERE board_id = OLD.board_id AND release_id = OLD.release_id AND state = 'final')
BEGIN SELECT RAISE(ABORT, 'a final release never changes'); END;
CREATE TRIGGER release_index_stays_alone BEFORE INSERT ON release_index
WHEN EXISTS (SELECT 1 FROM release WHERE board_id = NEW.board_id AND release_id = NEW.release_id AND state = 'final')
BEGIN SELECT RAISE(ABORT, 'a final release never changes'); END;

-- only postgres
ALTER TABLE release_chunk ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE release_index ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE FUNCTION release_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a final release never changes';
END $$;

CREATE FUNCTION release_part_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND EXISTS (SELECT 1 FROM release WHERE board_id = OLD.board_id AND release_id = OLD.release_id AND state = 'final')
        OR TG_OP <> 'DELETE' AND EXISTS (SELECT 1 FROM release WHERE board_id = NEW.board_id AND release_id = NEW.release_id AND state = 'final')
    THEN
        RAISE EXCEPTION 'a final release never changes';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION release_refuse_if_any() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM release WHERE state = 'final') THEN
        RAISE EXCEPTION 'a final release never changes';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER release_stays BEFORE UPDATE OR DELETE ON release
FOR EACH ROW WHEN (OLD.state = 'final') EXECUTE FUNCTION release_refuse();
CREATE TRIGGER release_stays_whole BEFORE TRUNCATE ON release
FOR EACH STATEMENT EXECUTE FUNCTION release_refuse_if_any();
CREATE TRIGGER release_chunk_stays BEFORE INSERT OR UPDATE OR DELETE ON release_chunk
FOR EACH ROW EXECUTE FUNCTION release_part_refuse();
CREATE TRIGGER release_chunk_stays_whole BEFORE TRUNCATE ON release_chunk
FOR EACH STATEMENT EXECUTE FUNCTION release_refuse_if_any();
CREATE TRIGGER release_index_stays BEFORE INSERT OR UPDATE OR DELETE ON release_index
FOR EACH ROW EXECUTE FUNCTION release_part_refuse();
CREATE TRIGGER release_index_stays_whole BEFORE TRUNCATE ON release_index
FOR EACH STATEMENT EXECUTE FUNCTION release_refuse_if_any();
-- both
