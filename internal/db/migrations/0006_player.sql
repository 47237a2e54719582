-- Players' own records. Package player describes them.

CREATE TABLE player_profile (
    player_id  TEXT   NOT NULL PRIMARY KEY, -- account
    name       TEXT   NOT NULL,
    bio        TEXT   NOT NULL,
    links      TEXT   NOT NULL, -- JSON list
    zone       TEXT   NOT NULL, -- '' none said
    changed_at BIGINT NOT NULL
);

CREATE TABLE player_picture (
    player_id  TEXT   NOT NULL PRIMARY KEY,
    content    BYTEA  NOT NULL, -- PNG
    changed_at BIGINT NOT NULL
);

-- What a player says of themselves. Addresses that they proved to read are ways to sign in, and kept with those.
CREATE TABLE player_identifier (
    player_id TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    value     TEXT   NOT NULL, -- lower case
    added_at  BIGINT NOT NULL,
    PRIMARY KEY (player_id, kind, value)
);
CREATE UNIQUE INDEX player_identifier_value ON player_identifier (kind, value);

CREATE TABLE player_source (
    player_id    TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    connected_at BIGINT NOT NULL,
    entries      BIGINT NOT NULL, -- there now
    last_seq     BIGINT NOT NULL, -- of the newest that ever came
    came         TEXT   NOT NULL, -- by which merges, each followed by '/'; '' none
    PRIMARY KEY (player_id, name)
);

CREATE TABLE player_entry (
    player_id TEXT   NOT NULL,
    source    TEXT   NOT NULL,
    id        TEXT   NOT NULL,
    seq       BIGINT NOT NULL, -- of the player's entries, in the order of arrival
    key       TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    value     DOUBLE PRECISION, -- NULL none
    label     TEXT   NOT NULL,
    came      TEXT   NOT NULL, -- as of player_source
    PRIMARY KEY (player_id, source, id)
);
CREATE INDEX player_entry_at ON player_entry (player_id, at, seq);

CREATE TABLE player_merge (
    player_id TEXT   NOT NULL, -- into whose record
    merge_id  TEXT   NOT NULL, -- UUIDv7
    from_id   TEXT   NOT NULL, -- account whose record it was
    notes     TEXT   NOT NULL, -- JSON object of room to what it moved
    merged_at BIGINT NOT NULL,
    PRIMARY KEY (player_id, merge_id)
);

-- only postgres
-- Of what came from players' own sources a transaction sees nothing but the rows of the players it says it acts for, and a
-- copy of the whole database sees all. FORCE binds the owner of the tables too.
ALTER TABLE player_source ENABLE ROW LEVEL SECURITY;
ALTER TABLE player_source FORCE ROW LEVEL SECURITY;
CREATE POLICY player_source_own ON player_source USING (player_id = ANY (string_to_array(current_setting('cairn.player', true), ',')));
CREATE POLICY player_source_copy ON player_source USING (current_setting('cairn.copy', true) = 'on');
ALTER TABLE player_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE player_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY player_entry_own ON player_entry USING (player_id = ANY (string_to_array(current_setting('cairn.player', true), ',')));
CREATE POLICY player_entry_copy ON player_entry USING (current_setting('cairn.copy', true) = 'on');
