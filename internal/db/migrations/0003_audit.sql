-- The trail. Package audit describes it.

CREATE TABLE audit (
    event_id  TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    at        BIGINT NOT NULL,
    actor     TEXT   NOT NULL, -- account, '' the program or its operator
    verb      TEXT   NOT NULL,
    board_id  TEXT   NOT NULL, -- '' none
    player_id TEXT   NOT NULL, -- '' none
    detail    TEXT   NOT NULL  -- JSON object
);
CREATE INDEX audit_board ON audit (board_id, event_id) WHERE board_id <> '';
CREATE INDEX audit_player ON audit (player_id, event_id) WHERE player_id <> '';
CREATE INDEX audit_actor ON audit (actor, event_id) WHERE actor <> '';

-- only sqlite
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the trail never changes'); END;
CREATE TRIGGER audit_stays_there BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the trail never changes'); END;

-- only postgres
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the trail never changes';
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_stays_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
-- both
