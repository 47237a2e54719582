-- Boards, their scorecards and their members.

CREATE TABLE board (
    board_id   TEXT   NOT NULL PRIMARY KEY,
    key        TEXT   NOT NULL UNIQUE,
    name       TEXT   NOT NULL,
    visibility TEXT   NOT NULL,
    zone       TEXT   NOT NULL,
    top_n      BIGINT NOT NULL,
    retention  BIGINT NOT NULL, -- days
    version    BIGINT NOT NULL, -- of the scorecard in force
    members    BIGINT NOT NULL, -- numbers given out so far; none is used again
    created_at BIGINT NOT NULL
);

CREATE TABLE board_scorecard (
    board_id   TEXT   NOT NULL REFERENCES board,
    version    BIGINT NOT NULL,
    source     BYTEA  NOT NULL, -- the file, byte by byte
    sha256     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (board_id, version)
);

CREATE TABLE board_member (
    board_id  TEXT   NOT NULL REFERENCES board,
    number    BIGINT NOT NULL,
    key       TEXT   NOT NULL,
    name      TEXT   NOT NULL,
    email     TEXT   NOT NULL, -- lower case, '' none
    handle    TEXT   NOT NULL, -- lower case without @, '' none
    tags      TEXT   NOT NULL, -- JSON object of tag group to tag, '' none
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (board_id, number)
);
CREATE UNIQUE INDEX board_member_key ON board_member (board_id, key);
CREATE INDEX board_member_email ON board_member (board_id, email) WHERE email <> '';
CREATE INDEX board_member_handle ON board_member (board_id, handle) WHERE handle <> '';

-- Entries. Package entry describes what the blobs hold.

CREATE TABLE entry_source (
    board_id  TEXT   NOT NULL REFERENCES board,
    source_no BIGINT NOT NULL,
    name      TEXT   NOT NULL,
    entries   BIGINT NOT NULL, -- ever added
    first_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL,
    ids       BIGINT NOT NULL, -- in entry_id
    id_bits   BIGINT NOT NULL, -- of the hash that name the bucket
    PRIMARY KEY (board_id, source_no),
    UNIQUE (board_id, name)
);

CREATE TABLE entry_block (
    board_id TEXT   NOT NULL REFERENCES board,
    day      TEXT   NOT NULL, -- UTC
    block_no BIGINT NOT NULL, -- in the order of arrival
    entries  BIGINT NOT NULL,
    voids    BIGINT NOT NULL, -- how many of them entry_void takes back
    numbers  BYTEA  NOT NULL, -- members, keys, instants and values
    texts    BYTEA  NOT NULL, -- sources, ids and labels
    PRIMARY KEY (board_id, day, block_no)
);

CREATE TABLE entry_void (
    board_id  TEXT   NOT NULL,
    day       TEXT   NOT NULL,
    block_no  BIGINT NOT NULL,
    place     BIGINT NOT NULL, -- of the entry in its block
    voided_at BIGINT NOT NULL,
    PRIMARY KEY (board_id, day, block_no, place),
    FOREIGN KEY (board_id, day, block_no) REFERENCES entry_block ON DELETE CASCADE
);

CREATE TABLE entry_id (
    board_id  TEXT   NOT NULL,
    source_no BIGINT NOT NULL,
    bucket    BIGINT NOT NULL,
    run       BIGINT NOT NULL, -- later runs hold before earlier ones
    content   BYTEA  NOT NULL,
    PRIMARY KEY (board_id, source_no, bucket, run),
    FOREIGN KEY (board_id, source_no) REFERENCES entry_source
);

CREATE TABLE entry_closed (
    board_id TEXT   NOT NULL PRIMARY KEY REFERENCES board,
    until_at BIGINT NOT NULL, -- entries before this instant are under a final release
    purged   TEXT   NOT NULL  -- raw entries of days before this one are gone; '' none yet
);

CREATE TABLE entry_receipt (
    board_id   TEXT   NOT NULL REFERENCES board,
    receipt_no BIGINT NOT NULL,
    release_id TEXT   NOT NULL,
    before_day TEXT   NOT NULL,
    entries    BIGINT NOT NULL,
    sha256     TEXT   NOT NULL,
    kept       BIGINT NOT NULL,
    kept_keys  TEXT   NOT NULL, -- JSON list
    created_at BIGINT NOT NULL,
    PRIMARY KEY (board_id, receipt_no)
);

-- only postgres
-- The blobs are packed already.
ALTER TABLE entry_block ALTER COLUMN numbers SET STORAGE EXTERNAL;
ALTER TABLE entry_block ALTER COLUMN texts SET STORAGE EXTERNAL;
ALTER TABLE entry_id ALTER COLUMN content SET STORAGE EXTERNAL;
-- both
