-- Answers to requests that came with a key. Package once describes it.

CREATE TABLE once_answer (
    owner    TEXT   NOT NULL, -- account whose key it is, or the network of nobody's: "net …"
    hash     BYTEA  NOT NULL, -- SHA-256 of the key
    digest   BYTEA  NOT NULL, -- of method, address and body
    begun_at BIGINT NOT NULL,
    status   BIGINT NOT NULL, -- 0: not answered yet
    header   TEXT   NOT NULL, -- JSON
    content  BYTEA  NOT NULL,
    whole    BIGINT NOT NULL, -- 0: the content was too large to be kept
    PRIMARY KEY (owner, hash)
);
CREATE INDEX once_answer_begun ON once_answer (begun_at);
