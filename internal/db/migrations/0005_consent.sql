-- Grants and their ledgers. Package consent describes them.

-- Whose ledger it is. Receipts name the ledger alone: when somebody erases themselves this row goes, and nobody is left in
-- their receipts, which stay as they are.
CREATE TABLE consent_ledger (
    player_id TEXT NOT NULL,
    board_id  TEXT NOT NULL,
    ledger_id TEXT NOT NULL UNIQUE, -- UUIDv7: two records that became one may have two ledgers, the later one goes on
    PRIMARY KEY (player_id, board_id, ledger_id)
);

CREATE TABLE consent_receipt (
    ledger_id TEXT   NOT NULL,
    number    BIGINT NOT NULL, -- from 1
    at        BIGINT NOT NULL,
    board_id  TEXT   NOT NULL,
    act       TEXT   NOT NULL,
    quantity  TEXT   NOT NULL,
    cadence   TEXT   NOT NULL,
    from_at   BIGINT NOT NULL,
    until_at  BIGINT NOT NULL, -- 0 open
    purpose   TEXT   NOT NULL,
    terms     BIGINT NOT NULL,
    previous  TEXT   NOT NULL, -- digest, '' of the first
    digest    TEXT   NOT NULL,
    PRIMARY KEY (ledger_id, number)
);

-- What is granted: what the ledgers come to.
CREATE TABLE consent_grant (
    player_id TEXT   NOT NULL,
    board_id  TEXT   NOT NULL,
    quantity  TEXT   NOT NULL,
    cadence   TEXT   NOT NULL,
    from_at   BIGINT NOT NULL,
    until_at  BIGINT NOT NULL, -- 0 open
    purpose   TEXT   NOT NULL,
    terms     BIGINT NOT NULL,
    PRIMARY KEY (player_id, board_id, quantity)
);
CREATE INDEX consent_grant_board ON consent_grant (board_id);

-- only sqlite
CREATE TRIGGER consent_receipt_stays BEFORE UPDATE ON consent_receipt BEGIN SELECT RAISE(ABORT, 'a receipt never changes'); END;
CREATE TRIGGER consent_receipt_stays_there BEFORE DELETE ON consent_receipt BEGIN SELECT RAISE(ABORT, 'a receipt never changes'); END;
-- INSERT OR REPLACE deletes without asking the trigger above.
CREATE TRIGGER consent_receipt_stays_itself BEFORE INSERT ON consent_receipt
WHEN EXISTS (SELECT 1 FROM consent_receipt WHERE ledger_id = NEW.ledger_id AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'a receipt never changes'); END;

-- only postgres
CREATE FUNCTION consent_receipt_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a receipt never changes';
END $$;
CREATE TRIGGER consent_receipt_stays BEFORE UPDATE OR DELETE ON consent_receipt FOR EACH ROW EXECUTE FUNCTION consent_receipt_refuse();
CREATE TRIGGER consent_receipt_stays_whole BEFORE TRUNCATE ON consent_receipt FOR EACH STATEMENT EXECUTE FUNCTION consent_receipt_refuse();
-- both
