CREATE TABLE beats (
    name VARCHAR(64) NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_beats PRIMARY KEY (name),
    CONSTRAINT ck_beats_name CHECK (length(name) <= 64),
    CONSTRAINT ck_beats_at_type CHECK (typeof(at) IN ('integer', 'null'))
);
