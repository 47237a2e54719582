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
CREATE INDEX board_member_player ON board_member (player_id) WHERE player_id <> '';
