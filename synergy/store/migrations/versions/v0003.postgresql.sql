CREATE TABLE notices (
    id BIGSERIAL NOT NULL,
    at BIGINT NOT NULL,
    code VARCHAR(32) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    enterprise VARCHAR(64),
    round BIGINT,
    subject VARCHAR(130) NOT NULL,
    fields TEXT NOT NULL,
    once VARCHAR(200),
    CONSTRAINT pk_notices PRIMARY KEY (id),
    CONSTRAINT ck_notices_code CHECK (length(code) <= 32),
    CONSTRAINT ck_notices_kind CHECK (length(kind) <= 32),
    CONSTRAINT ck_notices_enterprise CHECK (length(enterprise) <= 64 OR enterprise IS NULL),
    CONSTRAINT ck_notices_subject CHECK (length(subject) <= 130),
    CONSTRAINT ck_notices_once CHECK (length(once) <= 200 OR once IS NULL),
    CONSTRAINT uq_notices_code UNIQUE (code),
    CONSTRAINT uq_notices_once UNIQUE (once),
    CONSTRAINT fk_notices_round FOREIGN KEY(round) REFERENCES rounds (id)
);

CREATE INDEX ix_notices_enterprise ON notices (enterprise);

CREATE TABLE marks (
    notice BIGINT NOT NULL,
    account VARCHAR(64) NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_marks PRIMARY KEY (notice, account),
    CONSTRAINT ck_marks_account CHECK (length(account) <= 64),
    CONSTRAINT fk_marks_notice FOREIGN KEY(notice) REFERENCES notices (id)
);

CREATE TABLE departures (
    enterprise VARCHAR(64) NOT NULL,
    at BIGINT NOT NULL,
    actor VARCHAR(64) NOT NULL,
    reason VARCHAR(1000) NOT NULL,
    CONSTRAINT pk_departures PRIMARY KEY (enterprise),
    CONSTRAINT ck_departures_enterprise CHECK (length(enterprise) <= 64),
    CONSTRAINT ck_departures_actor CHECK (length(actor) <= 64),
    CONSTRAINT ck_departures_reason CHECK (length(reason) <= 1000)
);
