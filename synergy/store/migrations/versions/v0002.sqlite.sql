ALTER TABLE rounds ADD COLUMN answer_by BIGINT CONSTRAINT ck_rounds_answer_by_type CHECK (typeof(answer_by) IN ('integer', 'null'));

CREATE INDEX ix_matches_state ON matches (state);

CREATE INDEX ix_tokens_user ON tokens (user);
