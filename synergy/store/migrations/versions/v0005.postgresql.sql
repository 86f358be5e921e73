CREATE TABLE studies (
    id BIGSERIAL NOT NULL,
    round BIGINT NOT NULL,
    match BIGINT,
    kind VARCHAR(16) NOT NULL,
    asked TEXT NOT NULL,
    actor VARCHAR(64) NOT NULL,
    enterprise VARCHAR(64),
    state VARCHAR(16) NOT NULL,
    attempt INTEGER DEFAULT '0' NOT NULL,
    lease BIGINT,
    result BYTEA,
    fault TEXT,
    requested BIGINT NOT NULL,
    finished BIGINT,
    CONSTRAINT pk_studies PRIMARY KEY (id),
    CONSTRAINT ck_studies_kind CHECK (kind IN ('explanation', 'pathways', 'sensitivity', 'alternatives')),
    CONSTRAINT ck_studies_actor CHECK (length(actor) <= 64),
    CONSTRAINT ck_studies_enterprise CHECK (length(enterprise) <= 64 OR enterprise IS NULL),
    CONSTRAINT ck_studies_state CHECK (state IN ('requested', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT ck_studies_attempt CHECK (attempt >= 0),
    CONSTRAINT fk_studies_round FOREIGN KEY(round) REFERENCES rounds (id),
    CONSTRAINT fk_studies_match FOREIGN KEY(match) REFERENCES matches (id)
);

CREATE TABLE webhooks (
    id BIGSERIAL NOT NULL,
    "user" BIGINT NOT NULL,
    url VARCHAR(500) NOT NULL,
    actions TEXT NOT NULL,
    seen BIGINT NOT NULL,
    created BIGINT NOT NULL,
    ended BIGINT,
    version INTEGER DEFAULT '1' NOT NULL,
    CONSTRAINT pk_webhooks PRIMARY KEY (id),
    CONSTRAINT ck_webhooks_url CHECK (length(url) <= 500),
    CONSTRAINT ck_webhooks_version CHECK (version >= 1),
    CONSTRAINT fk_webhooks_user FOREIGN KEY("user") REFERENCES users (id)
);

CREATE TABLE deliveries (
    id BIGSERIAL NOT NULL,
    webhook BIGINT NOT NULL,
    event BIGINT NOT NULL,
    state VARCHAR(16) NOT NULL,
    attempts INTEGER DEFAULT '0' NOT NULL,
    due BIGINT NOT NULL,
    status INTEGER,
    said VARCHAR(200),
    at BIGINT,
    CONSTRAINT pk_deliveries PRIMARY KEY (id),
    CONSTRAINT ck_deliveries_state CHECK (state IN ('waiting', 'sent', 'failed')),
    CONSTRAINT ck_deliveries_said CHECK (length(said) <= 200 OR said IS NULL),
    CONSTRAINT uq_deliveries_webhook_event UNIQUE (webhook, event),
    CONSTRAINT ck_deliveries_attempts CHECK (attempts >= 0),
    CONSTRAINT fk_deliveries_webhook FOREIGN KEY(webhook) REFERENCES webhooks (id)
);

CREATE INDEX ix_studies_round ON studies (round);
CREATE INDEX ix_studies_state ON studies (state);
CREATE INDEX ix_webhooks_user ON webhooks ("user");
CREATE INDEX ix_deliveries_state_due ON deliveries (state, due);
