ALTER TABLE rounds ADD COLUMN answer_by BIGINT;

CREATE INDEX ix_matches_state ON matches (state);

CREATE INDEX ix_tokens_user ON tokens ("user");
