-- Hooks: who is told what happens on a board, and what became of each message. Package hook describes them.

CREATE TABLE hook (
    board_id     TEXT   NOT NULL REFERENCES board,
    hook_id      TEXT   NOT NULL, -- UUIDv7
    name         TEXT   NOT NULL,
    kind         TEXT   NOT NULL, -- 'webhook', 'slack', 'discord', 'teams'
    address      TEXT   NOT NULL, -- sealed
    shown        TEXT   NOT NULL, -- of the address, what holds no secret
    secret       TEXT   NOT NULL, -- sealed, '' a chat has none
    former       TEXT   NOT NULL, -- the secret before it, sealed, '' none
    former_until BIGINT NOT NULL, -- it signs too, 0 no
    events       TEXT   NOT NULL, -- with blanks
    members      BIGINT NOT NULL, -- 1: a chat of the board's members alone
    state        TEXT   NOT NULL, -- 'active', 'paused', 'failing', 'ended' by the other side
    good_at      BIGINT NOT NULL, -- the other side last took a message, 0 never
    failed       BIGINT NOT NULL, -- tries in a row that it did not take
    failed_at    BIGINT NOT NULL, -- the last of them, 0 none
    made_at      BIGINT NOT NULL,
    PRIMARY KEY (board_id, hook_id)
);

CREATE TABLE hook_message (
    board_id   TEXT   NOT NULL REFERENCES board,
    message_id TEXT   NOT NULL, -- UUIDv7
    hook_id    TEXT   NOT NULL,
    event      TEXT   NOT NULL,
    about      TEXT   NOT NULL, -- JSON: identifiers of what it tells of; no name, no value
    member     BIGINT NOT NULL, -- number on the board of whom it tells of, -1 nobody, or forgotten
    made_at    BIGINT NOT NULL, -- it happened
    tries      BIGINT NOT NULL,
    next_at    BIGINT NOT NULL, -- of the next try
    state      TEXT   NOT NULL, -- 'waiting', 'delivered', 'dead'
    answer     TEXT   NOT NULL, -- of the last try: a status, or why there is none, for people
    tried_at   BIGINT NOT NULL, -- 0 not yet
    PRIMARY KEY (board_id, message_id)
);
CREATE INDEX hook_message_hook ON hook_message (board_id, hook_id, message_id);
CREATE INDEX hook_message_member ON hook_message (board_id, member) WHERE member >= 0;
CREATE INDEX hook_message_next ON hook_message (next_at) WHERE state = 'waiting';
