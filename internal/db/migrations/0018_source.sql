-- Sources that a board or a player keeps. Package source describes them.

CREATE TABLE source (
    source_id   TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    board_id    TEXT   NOT NULL, -- whose it is, '' a player's
    player_id   TEXT   NOT NULL, -- account whose it is, '' a board's
    name        TEXT   NOT NULL, -- of the entries it brings
    kind        TEXT   NOT NULL,
    settings    TEXT   NOT NULL, -- JSON, of its kind
    rules       TEXT   NOT NULL, -- JSON
    credentials TEXT   NOT NULL, -- sealed, '' none
    every       BIGINT NOT NULL, -- microseconds between two polls, 0 it sends by itself
    state       TEXT   NOT NULL, -- 'active', 'paused', 'retired'
    why         TEXT   NOT NULL, -- it was paused or retired
    heir        TEXT   NOT NULL, -- source_id of what takes its place, '' none
    made_at     BIGINT NOT NULL,
    state_at    BIGINT NOT NULL, -- since when it is in this state
    pulled      TEXT   NOT NULL, -- where the last poll ended, in words of its kind
    last_at     BIGINT NOT NULL, -- it brought something or was asked, 0 never
    good_at     BIGINT NOT NULL, -- that went well, 0 never
    new_at      BIGINT NOT NULL, -- it brought something new, 0 never
    failed      BIGINT NOT NULL, -- polls in a row
    trouble     TEXT   NOT NULL, -- what went wrong last, '' nothing
    next_at     BIGINT NOT NULL, -- of the next poll, 0 none
    sick        BIGINT NOT NULL, -- 1: it failed too often in a row
    events      BIGINT NOT NULL, -- that ever came
    dropped     BIGINT NOT NULL  -- that waited in quarantine and had to give way
);
CREATE UNIQUE INDEX source_name ON source (board_id, player_id, name);
CREATE INDEX source_player ON source (player_id) WHERE player_id <> '';
CREATE INDEX source_next ON source (next_at) WHERE next_at > 0;

CREATE TABLE source_key (
    secret    TEXT   NOT NULL PRIMARY KEY, -- hex SHA-256 of the secret, which is kept nowhere
    source_id TEXT   NOT NULL REFERENCES source ON DELETE CASCADE,
    made_at   BIGINT NOT NULL,
    ends_at   BIGINT NOT NULL, -- another took its place, 0 none did
    used      TEXT   NOT NULL  -- ISO day of the last use, '' none
);
CREATE INDEX source_key_source ON source_key (source_id);

-- Events that wait until somebody mends rules or enrols players.
CREATE TABLE source_held (
    source_id TEXT   NOT NULL REFERENCES source ON DELETE CASCADE,
    held_id   TEXT   NOT NULL, -- UUIDv7
    mark      TEXT   NOT NULL, -- of the event: what is sent again waits once
    at        BIGINT NOT NULL, -- it was received
    why       TEXT   NOT NULL,
    type      TEXT   NOT NULL,
    who       TEXT   NOT NULL, -- identifiers of the player, lower case, each in a line of its own
    event     TEXT   NOT NULL, -- JSON
    PRIMARY KEY (source_id, held_id)
);
CREATE UNIQUE INDEX source_held_mark ON source_held (source_id, mark);
CREATE INDEX source_held_at ON source_held (at);

-- The last events of a source, in a ring, for trying rules on.
CREATE TABLE source_recent (
    source_id TEXT   NOT NULL REFERENCES source ON DELETE CASCADE,
    place     BIGINT NOT NULL, -- in the ring
    at        BIGINT NOT NULL,
    who       TEXT   NOT NULL, -- as of source_held
    event     TEXT   NOT NULL, -- JSON
    PRIMARY KEY (source_id, place)
);

-- What a source brought on each UTC day.
CREATE TABLE source_day (
    source_id  TEXT   NOT NULL REFERENCES source ON DELETE CASCADE,
    day        TEXT   NOT NULL, -- ISO
    events     BIGINT NOT NULL,
    added      BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    skipped    BIGINT NOT NULL,
    held       BIGINT NOT NULL,
    PRIMARY KEY (source_id, day)
);

-- How files with headers of their own are read, kept with the board to be offered for the next one.
CREATE TABLE source_mapping (
    board_id TEXT   NOT NULL REFERENCES board,
    name     TEXT   NOT NULL,
    content  TEXT   NOT NULL, -- YAML
    made_at  BIGINT NOT NULL,
    PRIMARY KEY (board_id, name)
);
