ALTER TABLE users ADD COLUMN one_time BOOLEAN DEFAULT false NOT NULL;

CREATE TABLE sessions (
    id BIGSERIAL NOT NULL,
    "user" BIGINT NOT NULL,
    hash VARCHAR(64) NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT ck_sessions_hash CHECK (length(hash) <= 64),
    CONSTRAINT uq_sessions_hash UNIQUE (hash),
    CONSTRAINT fk_sessions_user FOREIGN KEY("user") REFERENCES users (id)
);

CREATE INDEX ix_sessions_user ON sessions ("user");
