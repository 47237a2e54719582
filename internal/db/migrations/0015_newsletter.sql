-- Newsletters, their ledger, and how each reader wants to be told. Package newsletter describes them.

CREATE TABLE newsletter_preference (
    player_id  TEXT   NOT NULL, -- account
    board_id   TEXT   NOT NULL, -- '' every board of which nothing was said
    channel    TEXT   NOT NULL, -- 'mail', 'text', 'chat', 'none'
    losses     BIGINT NOT NULL, -- 1: stories of loss as well
    empty      BIGINT NOT NULL, -- 1: a message also where there is no score
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (player_id, board_id)
);

CREATE TABLE newsletter_handle (
    player_id TEXT   NOT NULL, -- account
    channel   TEXT   NOT NULL, -- 'text', 'chat'
    handle    TEXT   NOT NULL, -- number or name that was proved, '' none yet
    proved_at BIGINT NOT NULL,
    asked     TEXT   NOT NULL, -- one that waits for its code, '' none
    code      TEXT   NOT NULL, -- hex SHA-256
    tries     BIGINT NOT NULL, -- wrong codes
    asked_at  BIGINT NOT NULL,
    PRIMARY KEY (player_id, channel)
);

CREATE TABLE newsletter_suppression (
    address       TEXT   NOT NULL PRIMARY KEY, -- hex SHA-256 of a mail address
    why           TEXT   NOT NULL, -- 'address', 'refused', 'full', 'complaint', 'other'
    bounces       BIGINT NOT NULL, -- so far
    suppressed_at BIGINT NOT NULL  -- 0: it is still written to
);

CREATE TABLE newsletter_setting (
    board_id TEXT NOT NULL PRIMARY KEY REFERENCES board,
    mode     TEXT NOT NULL -- 'send', 'wait', 'off'
);

CREATE TABLE newsletter_article (
    board_id   TEXT   NOT NULL REFERENCES board,
    period     TEXT   NOT NULL,
    content    TEXT   NOT NULL, -- Markdown
    written_by TEXT   NOT NULL, -- account, '' gone
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (board_id, period)
);

CREATE TABLE newsletter (
    board_id    TEXT   NOT NULL REFERENCES board,
    release_id  TEXT   NOT NULL, -- of its first edition
    period      TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    state       TEXT   NOT NULL, -- 'waiting' for a manager, 'sending', 'stopped' by one, 'ended'
    why         TEXT   NOT NULL, -- of what ended before it was sent to all
    next_member BIGINT NOT NULL, -- whose line is written next; -1 all are
    unclaimed   BIGINT NOT NULL, -- members without an account: they have no line
    begun_at    BIGINT NOT NULL, -- 0 not yet
    ended_at    BIGINT NOT NULL, -- 0 not yet
    counts      TEXT   NOT NULL, -- JSON, once the lines are deleted; '' they are there
    PRIMARY KEY (board_id, release_id)
);
CREATE INDEX newsletter_made ON newsletter (board_id, made_at);

CREATE TABLE newsletter_delivery (
    board_id   TEXT   NOT NULL REFERENCES board,
    release_id TEXT   NOT NULL,
    member     BIGINT NOT NULL, -- number on the board
    channel    TEXT   NOT NULL, -- '' not known yet
    state      TEXT   NOT NULL, -- 'queued', 'sending', 'sent', 'doubtful', 'bounced', 'skipped', 'failed'
    why        TEXT   NOT NULL,
    attempt    BIGINT NOT NULL,
    due        BIGINT NOT NULL, -- of one queued: when it may be sent; of one sending: when its program is given up
    lease      TEXT   NOT NULL, -- of the program that sends it, '' none
    address    TEXT   NOT NULL, -- hex SHA-256 of the mail address, '' none or forgotten
    token      TEXT   NOT NULL, -- hex SHA-256 of the token of its return path, '' none
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (board_id, release_id, member)
);
CREATE INDEX newsletter_delivery_state ON newsletter_delivery (board_id, release_id, state, member);
CREATE UNIQUE INDEX newsletter_delivery_token ON newsletter_delivery (token) WHERE token <> '';
