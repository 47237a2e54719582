-- both
-- Releases from before players were known by reference hold keys and names. Package release takes those of a person out who erases
-- their record: of such a release the texts of a chunk may change, and the head that names people, and nothing else.
ALTER TABLE release ADD COLUMN format BIGINT NOT NULL DEFAULT 1; -- 1: it holds keys and names; 2: references alone

-- only sqlite
DROP TRIGGER release_stays;
CREATE TRIGGER release_stays BEFORE UPDATE ON release WHEN OLD.state = 'final' AND NOT (OLD.format = 1 AND NEW.format = 1
    AND NEW.board_id = OLD.board_id AND NEW.release_id = OLD.release_id AND NEW.number = OLD.number AND NEW.unit = OLD.unit
    AND NEW.first_day = OLD.first_day AND NEW.last_day = OLD.last_day AND NEW.edition = OLD.edition AND NEW.state = OLD.state
    AND NEW.supersedes = OLD.supersedes AND NEW.reason = OLD.reason AND NEW.version = OLD.version AND NEW.engine = OLD.engine
    AND NEW.players = OLD.players AND NEW.scored = OLD.scored AND NEW.digest = OLD.digest AND NEW.published_at = OLD.published_at)
BEGIN SELECT RAISE(ABORT, 'a final release never changes'); END;
DROP TRIGGER release_chunk_stays;
CREATE TRIGGER release_chunk_stays BEFORE UPDATE ON release_chunk
WHEN (EXISTS (SELECT 1 FROM release WHERE board_id = OLD.board_id AND release_id = OLD.release_id AND state = 'final')
    OR EXISTS (SELECT 1 FROM release WHERE board_id = NEW.board_id AND release_id = NEW.release_id AND state = 'final'))
    AND NOT (NEW.board_id = OLD.board_id AND NEW.release_id = OLD.release_id AND NEW.chunk_no = OLD.chunk_no AND NEW.players = OLD.players
    AND EXISTS (SELECT 1 FROM release WHERE board_id = OLD.board_id AND release_id = OLD.release_id AND format = 1))
BEGIN SELECT RAISE(ABORT, 'a final release never changes'); END;

-- only postgres
DROP TRIGGER release_stays ON release;
CREATE TRIGGER release_stays_there BEFORE DELETE ON release
FOR EACH ROW WHEN (OLD.state = 'final') EXECUTE FUNCTION release_refuse();
CREATE TRIGGER release_stays BEFORE UPDATE ON release
FOR EACH ROW WHEN (OLD.state = 'final' AND NOT (OLD.format = 1 AND NEW.format = 1
    AND NEW.board_id = OLD.board_id AND NEW.release_id = OLD.release_id AND NEW.number = OLD.number AND NEW.unit = OLD.unit
    AND NEW.first_day = OLD.first_day AND NEW.last_day = OLD.last_day AND NEW.edition = OLD.edition AND NEW.state = OLD.state
    AND NEW.supersedes = OLD.supersedes AND NEW.reason = OLD.reason AND NEW.version = OLD.version AND NEW.engine = OLD.engine
    AND NEW.players = OLD.players AND NEW.scored = OLD.scored AND NEW.digest = OLD.digest AND NEW.published_at = OLD.published_at))
EXECUTE FUNCTION release_refuse();

CREATE FUNCTION release_chunk_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.board_id = OLD.board_id AND NEW.release_id = OLD.release_id AND NEW.chunk_no = OLD.chunk_no AND NEW.players = OLD.players
        AND EXISTS (SELECT 1 FROM release WHERE board_id = OLD.board_id AND release_id = OLD.release_id AND format = 1)
    THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT 1 FROM release WHERE board_id = OLD.board_id AND release_id = OLD.release_id AND state = 'final')
        OR EXISTS (SELECT 1 FROM release WHERE board_id = NEW.board_id AND release_id = NEW.release_id AND state = 'final')
    THEN
        RAISE EXCEPTION 'a final release never changes';
    END IF;
    RETURN NEW;
END $$;
DROP TRIGGER release_chunk_stays ON release_chunk;
CREATE TRIGGER release_chunk_stays BEFORE INSERT OR DELETE ON release_chunk
FOR EACH ROW EXECUTE FUNCTION release_part_refuse();
CREATE TRIGGER release_chunk_stays_same BEFORE UPDATE ON release_chunk
FOR EACH ROW EXECUTE FUNCTION release_chunk_refuse();
