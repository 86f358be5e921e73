ALTER TABLE users ADD COLUMN one_time BOOLEAN DEFAULT false NOT NULL CONSTRAINT ck_users_one_time CHECK (one_time IN (0, 1));

CREATE TABLE sessions (
    id INTEGER NOT NULL,
    user INTEGER NOT NULL,
    hash VARCHAR(64) NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT ck_sessions_hash CHECK (length(hash) <= 64),
    CONSTRAINT uq_sessions_hash UNIQUE (hash),
    CONSTRAINT fk_sessions_user FOREIGN KEY(user) REFERENCES users (id),
    CONSTRAINT ck_sessions_created_type CHECK (typeof(created) IN ('integer', 'null')),
    CONSTRAINT ck_sessions_expires_type CHECK (typeof(expires) IN ('integer', 'null'))
);

CREATE INDEX ix_sessions_user ON sessions (user);
