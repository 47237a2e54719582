-- Who may do and see what on a board. Package board describes it.

ALTER TABLE board ADD COLUMN basis TEXT NOT NULL DEFAULT 'opt-in';
ALTER TABLE board ADD COLUMN stage TEXT NOT NULL DEFAULT 'private';
UPDATE board SET stage = visibility;
ALTER TABLE board DROP COLUMN visibility;
ALTER TABLE board ADD COLUMN leaderboard TEXT NOT NULL DEFAULT 'everyone'; -- who may see the page
ALTER TABLE board ADD COLUMN scorecards TEXT NOT NULL DEFAULT 'everyone';
ALTER TABLE board ADD COLUMN history TEXT NOT NULL DEFAULT 'everyone';
ALTER TABLE board ADD COLUMN smallest BIGINT NOT NULL DEFAULT 5; -- cohort of which a figure is shown
ALTER TABLE board ADD COLUMN terms BIGINT NOT NULL DEFAULT 0; -- version in force, 0 none
ALTER TABLE board ADD COLUMN plan TEXT NOT NULL DEFAULT ''; -- JSON: how tags are set, how success is judged
ALTER TABLE board ADD COLUMN suspended TEXT NOT NULL DEFAULT ''; -- why, '' it is not

ALTER TABLE board ADD COLUMN pending TEXT NOT NULL DEFAULT ''; -- JSON: the step wider that is announced, '' none
ALTER TABLE board ADD COLUMN roster BIGINT NOT NULL DEFAULT 0; -- counts the changes of members
ALTER TABLE board ADD COLUMN owner TEXT NOT NULL DEFAULT ''; -- whose work the design is
ALTER TABLE board ADD COLUMN licence TEXT NOT NULL DEFAULT '';

CREATE TABLE board_terms (
    board_id   TEXT   NOT NULL REFERENCES board,
    version    BIGINT NOT NULL,
    content    TEXT   NOT NULL, -- JSON
    created_at BIGINT NOT NULL,
    PRIMARY KEY (board_id, version)
);

ALTER TABLE board_member ADD COLUMN player_id TEXT NOT NULL DEFAULT ''; -- account, '' nobody claimed it
ALTER TABLE board_member ADD COLUMN state TEXT NOT NULL DEFAULT 'invited';
ALTER TABLE board_member ADD COLUMN ref TEXT NOT NULL DEFAULT ''; -- the name under which releases know the member
UPDATE board_member SET ref = key;
ALTER TABLE board_member ADD COLUMN hidden BIGINT NOT NULL DEFAULT 0; -- 1: from all but managers, stewards and themselves
ALTER TABLE board_member ADD COLUMN shy BIGINT NOT NULL DEFAULT 0; -- 1: does not want to see the own number
ALTER TABLE board_member ADD COLUMN shows TEXT NOT NULL DEFAULT ''; -- JSON list of the fields of the profile shown on this board
ALTER TABLE board_member ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0; -- of the state
-- Boards from before had no basis: those of things go on as they were, on all others everybody is asked first, from today on.
-- only sqlite
UPDATE board SET basis = 'things' WHERE EXISTS
    (SELECT 1 FROM board_scorecard s WHERE s.board_id = board.board_id AND s.version = board.version AND CAST(s.source AS TEXT) LIKE '%players: thing%');
UPDATE board_member SET changed_at = CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER);
-- only postgres
UPDATE board SET basis = 'things' WHERE EXISTS
    (SELECT 1 FROM board_scorecard s WHERE s.board_id = board.board_id AND s.version = board.version AND convert_from(s.source, 'UTF8') LIKE '%players: thing%');
UPDATE board_member SET changed_at = CAST(EXTRACT(EPOCH FROM now()) * 1000000 AS BIGINT);
-- both
UPDATE board_member SET state = 'listed' WHERE board_id IN (SELECT board_id FROM board WHERE basis = 'things');
ALTER TABLE board_member ADD COLUMN roster BIGINT NOT NULL DEFAULT 0; -- the change of members that this row last took part in
CREATE INDEX board_member_player ON board_member (player_id) WHERE player_id <> '';
CREATE UNIQUE INDEX board_member_once ON board_member (board_id, player_id) WHERE player_id <> '';
CREATE INDEX board_member_roster ON board_member (board_id, roster);

CREATE TABLE board_role (
    board_id  TEXT   NOT NULL REFERENCES board,
    player_id TEXT   NOT NULL, -- account, '' until somebody signs in who proved the address
    address   TEXT   NOT NULL, -- that the role was given to, '' none
    role      TEXT   NOT NULL,
    scope     TEXT   NOT NULL, -- JSON: what a coach was given
    since     BIGINT NOT NULL,
    PRIMARY KEY (board_id, player_id, address)
);
CREATE UNIQUE INDEX board_role_once ON board_role (board_id, player_id) WHERE player_id <> '';
CREATE INDEX board_role_player ON board_role (player_id) WHERE player_id <> '';
CREATE INDEX board_role_open ON board_role (address) WHERE player_id = '';

CREATE TABLE board_invitation (
    board_id      TEXT   NOT NULL REFERENCES board,
    invitation_id TEXT   NOT NULL, -- UUIDv7
    member        BIGINT NOT NULL, -- number of the stub it is for, -1 an open link
    address       TEXT   NOT NULL, -- known of the stub, '' none
    mailed        BIGINT NOT NULL, -- 1: it goes by mail, and the reader of the address alone may use it
    uses          BIGINT NOT NULL, -- left
    made_by       TEXT   NOT NULL, -- account, '' the console
    made_at       BIGINT NOT NULL, -- or renewed
    expires_at    BIGINT NOT NULL,
    sent_at       BIGINT NOT NULL, -- 0 not yet
    failed        TEXT   NOT NULL, -- why the mail was refused for good, '' it was not
    ended         TEXT   NOT NULL, -- used, declined, revoked, '' it can be used
    ended_at      BIGINT NOT NULL,
    declined      TEXT   NOT NULL, -- digests of who said no, kept for a while so that they are not asked again
    PRIMARY KEY (board_id, invitation_id)
);
CREATE INDEX board_invitation_member ON board_invitation (board_id, member);
CREATE INDEX board_invitation_maker ON board_invitation (made_by, made_at) WHERE made_by <> '';
CREATE INDEX board_invitation_address ON board_invitation (address) WHERE address <> '';

CREATE TABLE board_invitation_token (
    board_id      TEXT NOT NULL,
    token         TEXT NOT NULL, -- hex SHA-256 of the secret, which is kept nowhere
    invitation_id TEXT NOT NULL,
    PRIMARY KEY (board_id, token),
    FOREIGN KEY (board_id, invitation_id) REFERENCES board_invitation ON DELETE CASCADE
);
CREATE INDEX board_invitation_token_token ON board_invitation_token (token);

CREATE TABLE board_claim (
    board_id   TEXT   NOT NULL REFERENCES board,
    member     BIGINT NOT NULL,
    player_id  TEXT   NOT NULL, -- account that says: this is me
    created_at BIGINT NOT NULL,
    PRIMARY KEY (board_id, member, player_id)
);
CREATE INDEX board_claim_player ON board_claim (player_id);

CREATE TABLE board_note (
    board_id   TEXT   NOT NULL REFERENCES board,
    note_id    TEXT   NOT NULL, -- UUIDv7
    member     BIGINT NOT NULL,
    author     TEXT   NOT NULL, -- account, '' erased
    created_at BIGINT NOT NULL,
    content    TEXT   NOT NULL,
    PRIMARY KEY (board_id, note_id)
);
CREATE INDEX board_note_member ON board_note (board_id, member);
CREATE INDEX board_note_author ON board_note (author) WHERE author <> '';

CREATE TABLE board_draft (
    player_id  TEXT   NOT NULL, -- account that makes the board
    draft_id   TEXT   NOT NULL, -- UUIDv7
    step       BIGINT NOT NULL,
    answers    TEXT   NOT NULL, -- JSON
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (player_id, draft_id)
);
