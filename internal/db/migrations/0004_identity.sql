-- Who asks. Package identity describes it. Every hash is the hex SHA-256 of a secret of 256 random bits.

CREATE TABLE account (
    account_id TEXT   NOT NULL PRIMARY KEY, -- UUIDv7; the number of the player's record too
    operator   BIGINT NOT NULL, -- 1: runs this server
    policy     TEXT   NOT NULL, -- version of the privacy notice that was accepted, '' none
    policy_at  BIGINT NOT NULL,
    merged     TEXT   NOT NULL, -- account whose part this one became, '' none
    created_at BIGINT NOT NULL
);
CREATE INDEX account_merged ON account (merged) WHERE merged <> '';

CREATE TABLE account_address (
    address    TEXT   NOT NULL PRIMARY KEY, -- lower case
    account_id TEXT   NOT NULL REFERENCES account,
    proved_at  BIGINT NOT NULL, -- 0: never: named at the console, or by who opened an operator's link
    main       BIGINT NOT NULL  -- 1: mail goes here
);
CREATE INDEX account_address_account ON account_address (account_id);

CREATE TABLE account_session (
    session_id TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    hash       TEXT   NOT NULL UNIQUE,
    account_id TEXT   NOT NULL REFERENCES account,
    device     TEXT   NOT NULL, -- in words
    browser    TEXT   NOT NULL, -- its family: the session ends in another
    began_at   BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    proved_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX account_session_account ON account_session (account_id);

CREATE TABLE account_passkey (
    passkey_id    TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    credential_id TEXT   NOT NULL UNIQUE, -- base64url
    account_id    TEXT   NOT NULL REFERENCES account,
    handle        TEXT   NOT NULL, -- account as the key knows it: the one that made it, whatever was merged since
    name          TEXT   NOT NULL,
    content       TEXT   NOT NULL, -- JSON: public key, flags and sign count
    made_at       BIGINT NOT NULL,
    used_at       BIGINT NOT NULL -- 0: never
);
CREATE INDEX account_passkey_account ON account_passkey (account_id);

CREATE TABLE account_subject (
    issuer     TEXT   NOT NULL, -- OpenID Connect provider
    subject    TEXT   NOT NULL, -- whom it means
    account_id TEXT   NOT NULL REFERENCES account,
    made_at    BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX account_subject_account ON account_subject (account_id);

CREATE TABLE account_token (
    token_id   TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    hash       TEXT   NOT NULL UNIQUE,
    account_id TEXT   NOT NULL REFERENCES account,
    name       TEXT   NOT NULL,
    scopes     TEXT   NOT NULL, -- separated by spaces
    made_at    BIGINT NOT NULL,
    used_at    BIGINT NOT NULL, -- begin of the last day (UTC), 0: never
    expires_at BIGINT NOT NULL
);
CREATE INDEX account_token_account ON account_token (account_id);

CREATE TABLE sign_in_link (
    hash       TEXT   NOT NULL PRIMARY KEY,
    address    TEXT   NOT NULL, -- where it was sent
    account_id TEXT   NOT NULL, -- to which it adds the address, '' it signs in
    browser    TEXT   NOT NULL, -- hash of the secret of the browser that asked, '' any: made at the console
    next       TEXT   NOT NULL, -- path on this server, sealed under the link's secret; '' none
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_link_address ON sign_in_link (address);

CREATE TABLE operator_link (
    hash       TEXT   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

-- The first half of using a passkey or a provider, until the second.
CREATE TABLE ceremony (
    hash       TEXT   NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL, -- what it is for
    account_id TEXT   NOT NULL, -- of whoever adds a passkey, '' somebody signs in
    content    TEXT   NOT NULL, -- JSON, sealed under the ceremony's secret
    expires_at BIGINT NOT NULL
);
