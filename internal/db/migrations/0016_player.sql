-- What players write on their own timelines. Package player describes it.

CREATE TABLE player_note (
    player_id  TEXT   NOT NULL, -- account
    note_id    TEXT   NOT NULL, -- UUIDv7
    board_id   TEXT   NOT NULL, -- on whose timeline it stands
    day        TEXT   NOT NULL, -- ISO
    content    TEXT   NOT NULL,
    shown      BIGINT NOT NULL, -- 1: to whom the scorecard is for; 0: to nobody else
    written_at BIGINT NOT NULL,
    PRIMARY KEY (player_id, note_id)
);
CREATE INDEX player_note_board ON player_note (player_id, board_id, day);
