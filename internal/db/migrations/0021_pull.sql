-- Which keys each source ever brought: what is missing while none of those that bring it is well. Package source describes it.

CREATE TABLE source_brings (
    source_id TEXT   NOT NULL REFERENCES source ON DELETE CASCADE,
    key       TEXT   NOT NULL, -- of entries
    first_at  BIGINT NOT NULL, -- it was brought
    PRIMARY KEY (source_id, key)
);
