-- Tips, help, questions and talks. Package coaching describes them.

CREATE TABLE tip (
    tip_id     TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    board_id   TEXT   NOT NULL REFERENCES board,
    kind       TEXT   NOT NULL, -- of the story that it hangs on, '' any
    metric     TEXT   NOT NULL, -- key of the metric that it hangs on, '' any
    title      TEXT   NOT NULL,
    content    TEXT   NOT NULL, -- Markdown
    link       TEXT   NOT NULL, -- https, '' none
    author     TEXT   NOT NULL, -- as readers see it
    written_by TEXT   NOT NULL, -- account, also on a copy; '' gone, or the console
    taken_by   TEXT   NOT NULL, -- account that took it over, '' it was written here
    lent       BIGINT NOT NULL, -- 1: every board of the server may take it over
    came_from  TEXT   NOT NULL, -- board_id that lent it, '' it was written here
    original   TEXT   NOT NULL, -- tip_id that it is a copy of, '' none
    made_at    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX tip_board ON tip (board_id, made_at);
CREATE INDEX tip_lent ON tip (made_at) WHERE lent = 1;
CREATE INDEX tip_written_by ON tip (written_by) WHERE written_by <> '';

CREATE TABLE metric_help (
    board_id   TEXT   NOT NULL REFERENCES board,
    metric     TEXT   NOT NULL, -- key, '' the score as a whole
    why        TEXT   NOT NULL, -- Markdown, as the next two
    good       TEXT   NOT NULL, -- an entry that counts
    bad        TEXT   NOT NULL, -- one that does not
    written_by TEXT   NOT NULL, -- account, '' gone
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (board_id, metric)
);

CREATE TABLE question (
    question_id TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    board_id    TEXT   NOT NULL REFERENCES board,
    metric      TEXT   NOT NULL, -- key, '' the score as a whole
    player_id   TEXT   NOT NULL, -- account that asks
    member      BIGINT NOT NULL, -- its number on the board
    asked       TEXT   NOT NULL, -- account that is asked, '' whoever manages the board
    content     TEXT   NOT NULL,
    useful      BIGINT NOT NULL, -- 1: its words may be shown to others, without a name
    asked_at    BIGINT NOT NULL,
    answer      TEXT   NOT NULL, -- Markdown, '' none yet
    answered_by TEXT   NOT NULL, -- account, '' nobody, or gone
    answered_at BIGINT NOT NULL, -- 0 it is not
    read_at     BIGINT NOT NULL  -- when the asker opened the answer; 0 not yet
);
CREATE INDEX question_board ON question (board_id, asked_at);
CREATE INDEX question_player ON question (player_id);
CREATE INDEX question_asked ON question (asked) WHERE asked <> '';

CREATE TABLE published_answer (
    answer_id   TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    board_id    TEXT   NOT NULL REFERENCES board,
    metric      TEXT   NOT NULL,
    question    TEXT   NOT NULL, -- in words that name nobody
    answer      TEXT   NOT NULL, -- Markdown
    question_id TEXT   NOT NULL, -- that it answers, '' it is gone
    player_id   TEXT   NOT NULL, -- whose words the question has, '' its publisher's own
    written_by  TEXT   NOT NULL, -- account that published it, '' gone
    made_at     BIGINT NOT NULL
);
CREATE INDEX published_answer_board ON published_answer (board_id, metric, made_at);
CREATE INDEX published_answer_player ON published_answer (player_id) WHERE player_id <> '';

-- Players whom other players may ask.
CREATE TABLE open_to_questions (
    board_id  TEXT   NOT NULL REFERENCES board,
    player_id TEXT   NOT NULL,
    member    BIGINT NOT NULL,
    metrics   TEXT   NOT NULL, -- JSON: keys, [] all
    since     BIGINT NOT NULL, -- it ends when the member pauses or leaves afterwards
    PRIMARY KEY (board_id, player_id)
);
CREATE INDEX open_to_questions_player ON open_to_questions (player_id);

CREATE TABLE talk (
    talk_id    TEXT   NOT NULL PRIMARY KEY, -- UUIDv7
    board_id   TEXT   NOT NULL REFERENCES board,
    member     BIGINT NOT NULL,
    author     TEXT   NOT NULL, -- account, '' gone
    held_on    TEXT   NOT NULL, -- ISO day
    metric     TEXT   NOT NULL, -- key that it was about, '' the score
    agreed     TEXT   NOT NULL, -- the next step
    created_at BIGINT NOT NULL
);
CREATE INDEX talk_member ON talk (board_id, member, held_on);
CREATE INDEX talk_author ON talk (author) WHERE author <> '';
