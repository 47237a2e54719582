-- Passes: what opens one thing to whoever holds it. Package pass describes them.

CREATE TABLE pass (
    pass_id    TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    kind       TEXT   NOT NULL, -- 'letter', 'share', 'wall', 'feed'
    secret     TEXT   NOT NULL, -- hex SHA-256 of the secret, which is kept nowhere
    player_id  TEXT   NOT NULL, -- account whose record it opens, '' of a board alone
    board_id   TEXT   NOT NULL REFERENCES board,
    member     BIGINT NOT NULL, -- number on the board, -1 none
    release_id TEXT   NOT NULL, -- '' the latest, whichever that is
    shows      TEXT   NOT NULL, -- what of it, in words of those who show it; '' all there is
    made_by    TEXT   NOT NULL, -- account, '' the program itself
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL, -- it opens nothing any more; 0 it does not expire
    ends_at    BIGINT NOT NULL, -- it is deleted
    revoked_at BIGINT NOT NULL, -- 0 it is not
    opened     BIGINT NOT NULL, -- how often
    followed   BIGINT NOT NULL  -- how often somebody went on from there to the board
);
CREATE UNIQUE INDEX pass_secret ON pass (secret);
CREATE INDEX pass_player ON pass (player_id) WHERE player_id <> '';
CREATE INDEX pass_board ON pass (board_id, kind, made_at);
CREATE INDEX pass_ends ON pass (ends_at);
