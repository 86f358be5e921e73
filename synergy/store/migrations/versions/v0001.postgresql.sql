CREATE TABLE chain (
    id INTEGER NOT NULL,
    number BIGINT NOT NULL,
    mac VARCHAR(64) NOT NULL,
    CONSTRAINT pk_chain PRIMARY KEY (id),
    CONSTRAINT ck_chain_mac CHECK (length(mac) <= 64),
    CONSTRAINT ck_chain_one CHECK (id = 1)
);

CREATE TABLE requests (
    actor VARCHAR(64) NOT NULL,
    key VARCHAR(200) NOT NULL,
    digest VARCHAR(64) NOT NULL,
    result TEXT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_requests PRIMARY KEY (actor, key),
    CONSTRAINT ck_requests_actor CHECK (length(actor) <= 64),
    CONSTRAINT ck_requests_key CHECK (length(key) <= 200),
    CONSTRAINT ck_requests_digest CHECK (length(digest) <= 64)
);

CREATE TABLE snapshots (
    digest VARCHAR(64) NOT NULL,
    tables VARCHAR(64) NOT NULL,
    name VARCHAR(200) NOT NULL,
    archive BYTEA NOT NULL,
    created BIGINT NOT NULL,
    CONSTRAINT pk_snapshots PRIMARY KEY (digest),
    CONSTRAINT ck_snapshots_digest CHECK (length(digest) <= 64),
    CONSTRAINT ck_snapshots_tables CHECK (length(tables) <= 64),
    CONSTRAINT ck_snapshots_name CHECK (length(name) <= 200)
);

CREATE TABLE users (
    id BIGSERIAL NOT NULL,
    name VARCHAR(64) NOT NULL,
    role VARCHAR(16) NOT NULL,
    enterprise VARCHAR(64),
    password TEXT,
    disabled BOOLEAN DEFAULT false NOT NULL,
    failures INTEGER DEFAULT '0' NOT NULL,
    locked BIGINT,
    version INTEGER DEFAULT '1' NOT NULL,
    created BIGINT NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT ck_users_name CHECK (length(name) <= 64),
    CONSTRAINT ck_users_role CHECK (role IN ('planner', 'editor', 'reader', 'auditor', 'client', 'administrator', 'worker')),
    CONSTRAINT ck_users_enterprise CHECK (length(enterprise) <= 64 OR enterprise IS NULL),
    CONSTRAINT ck_users_version CHECK (version >= 1),
    CONSTRAINT uq_users_name UNIQUE (name),
    CONSTRAINT ck_users_member CHECK (role NOT IN ('editor', 'reader') OR enterprise IS NOT NULL)
);

CREATE TABLE rounds (
    id BIGSERIAL NOT NULL,
    name VARCHAR(200) NOT NULL,
    state VARCHAR(16) NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    base VARCHAR(64) NOT NULL,
    frozen VARCHAR(64),
    scenario TEXT NOT NULL,
    options TEXT NOT NULL,
    anonymous BOOLEAN DEFAULT false NOT NULL,
    deadline BIGINT,
    previous BIGINT,
    created BIGINT NOT NULL,
    creator VARCHAR(64) NOT NULL,
    CONSTRAINT pk_rounds PRIMARY KEY (id),
    CONSTRAINT ck_rounds_name CHECK (length(name) <= 200),
    CONSTRAINT ck_rounds_state CHECK (state IN ('draft', 'declaring', 'frozen', 'matching', 'review', 'published', 'responding', 'concluded', 'cancelled')),
    CONSTRAINT ck_rounds_version CHECK (version >= 1),
    CONSTRAINT ck_rounds_creator CHECK (length(creator) <= 64),
    CONSTRAINT fk_rounds_base FOREIGN KEY(base) REFERENCES snapshots (digest),
    CONSTRAINT fk_rounds_frozen FOREIGN KEY(frozen) REFERENCES snapshots (digest),
    CONSTRAINT fk_rounds_previous FOREIGN KEY(previous) REFERENCES rounds (id)
);

CREATE TABLE tokens (
    id BIGSERIAL NOT NULL,
    "user" BIGINT NOT NULL,
    label VARCHAR(200) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    scopes TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    revoked BIGINT,
    CONSTRAINT pk_tokens PRIMARY KEY (id),
    CONSTRAINT ck_tokens_label CHECK (length(label) <= 200),
    CONSTRAINT ck_tokens_hash CHECK (length(hash) <= 64),
    CONSTRAINT uq_tokens_hash UNIQUE (hash),
    CONSTRAINT fk_tokens_user FOREIGN KEY("user") REFERENCES users (id)
);

CREATE TABLE declarations (
    round BIGINT NOT NULL,
    enterprise VARCHAR(64) NOT NULL,
    submitted BOOLEAN DEFAULT false NOT NULL,
    origin VARCHAR(16) NOT NULL,
    reminders INTEGER DEFAULT '0' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    at BIGINT,
    CONSTRAINT pk_declarations PRIMARY KEY (round, enterprise),
    CONSTRAINT ck_declarations_enterprise CHECK (length(enterprise) <= 64),
    CONSTRAINT ck_declarations_origin CHECK (length(origin) <= 16),
    CONSTRAINT ck_declarations_version CHECK (version >= 1),
    CONSTRAINT fk_declarations_round FOREIGN KEY(round) REFERENCES rounds (id)
);

CREATE TABLE events (
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor VARCHAR(64) NOT NULL,
    action VARCHAR(64) NOT NULL,
    subject VARCHAR(130) NOT NULL,
    round BIGINT,
    detail TEXT NOT NULL,
    previous VARCHAR(64) NOT NULL,
    mac VARCHAR(64) NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (number),
    CONSTRAINT ck_events_actor CHECK (length(actor) <= 64),
    CONSTRAINT ck_events_action CHECK (length(action) <= 64),
    CONSTRAINT ck_events_subject CHECK (length(subject) <= 130),
    CONSTRAINT ck_events_previous CHECK (length(previous) <= 64),
    CONSTRAINT ck_events_mac CHECK (length(mac) <= 64),
    CONSTRAINT fk_events_round FOREIGN KEY(round) REFERENCES rounds (id)
);

CREATE INDEX ix_events_round ON events (round);

CREATE TABLE matches (
    id BIGSERIAL NOT NULL,
    round BIGINT NOT NULL,
    number INTEGER NOT NULL,
    state VARCHAR(16) NOT NULL,
    snapshot VARCHAR(64) NOT NULL,
    scenario TEXT NOT NULL,
    options TEXT NOT NULL,
    versions TEXT NOT NULL,
    attempt INTEGER DEFAULT '0' NOT NULL,
    worker VARCHAR(200),
    lease BIGINT,
    cancel BOOLEAN DEFAULT false NOT NULL,
    checkpoint TEXT,
    status VARCHAR(16),
    digest VARCHAR(64),
    plan BYTEA,
    value BIGINT,
    gain BIGINT,
    diagnosis TEXT,
    fault TEXT,
    requested BIGINT NOT NULL,
    requester VARCHAR(64) NOT NULL,
    started BIGINT,
    finished BIGINT,
    CONSTRAINT pk_matches PRIMARY KEY (id),
    CONSTRAINT ck_matches_state CHECK (state IN ('requested', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT ck_matches_worker CHECK (length(worker) <= 200 OR worker IS NULL),
    CONSTRAINT ck_matches_status CHECK (length(status) <= 16 OR status IS NULL),
    CONSTRAINT ck_matches_digest CHECK (length(digest) <= 64 OR digest IS NULL),
    CONSTRAINT ck_matches_requester CHECK (length(requester) <= 64),
    CONSTRAINT uq_matches_round_number UNIQUE (round, number),
    CONSTRAINT ck_matches_attempt CHECK (attempt >= 0),
    CONSTRAINT ck_matches_ended CHECK (state <> 'done' OR status IS NOT NULL),
    CONSTRAINT fk_matches_round FOREIGN KEY(round) REFERENCES rounds (id),
    CONSTRAINT fk_matches_snapshot FOREIGN KEY(snapshot) REFERENCES snapshots (digest)
);

CREATE UNIQUE INDEX ux_matches_active ON matches (round) WHERE state IN ('requested', 'running');

CREATE TABLE declared (
    round BIGINT NOT NULL,
    sheet VARCHAR(16) NOT NULL,
    ident VARCHAR(64) NOT NULL,
    enterprise VARCHAR(64) NOT NULL,
    site VARCHAR(64) NOT NULL,
    subject VARCHAR(64) NOT NULL,
    period VARCHAR(64) NOT NULL,
    amount BIGINT NOT NULL,
    price BIGINT,
    other TEXT NOT NULL,
    assumed TEXT NOT NULL,
    CONSTRAINT pk_declared PRIMARY KEY (round, ident),
    CONSTRAINT ck_declared_sheet CHECK (sheet IN ('offers', 'needs', 'facilities')),
    CONSTRAINT ck_declared_ident CHECK (length(ident) <= 64),
    CONSTRAINT ck_declared_enterprise CHECK (length(enterprise) <= 64),
    CONSTRAINT ck_declared_site CHECK (length(site) <= 64),
    CONSTRAINT ck_declared_subject CHECK (length(subject) <= 64),
    CONSTRAINT ck_declared_period CHECK (length(period) <= 64),
    CONSTRAINT ck_declared_amount CHECK (amount >= 0),
    CONSTRAINT fk_declared_round_enterprise FOREIGN KEY(round, enterprise) REFERENCES declarations (round, enterprise),
    CONSTRAINT fk_declared_round FOREIGN KEY(round) REFERENCES rounds (id)
);

CREATE INDEX ix_declared_round_enterprise ON declared (round, enterprise);

CREATE TABLE progress (
    match BIGINT NOT NULL,
    attempt INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at BIGINT NOT NULL,
    record TEXT NOT NULL,
    CONSTRAINT pk_progress PRIMARY KEY (match, attempt, number),
    CONSTRAINT fk_progress_match FOREIGN KEY(match) REFERENCES matches (id)
);

CREATE TABLE proposals (
    id BIGSERIAL NOT NULL,
    match BIGINT NOT NULL,
    code VARCHAR(32) NOT NULL,
    ident VARCHAR(400) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    answer VARCHAR(16) DEFAULT 'none' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    record TEXT NOT NULL,
    gain BIGINT,
    capex BIGINT NOT NULL,
    CONSTRAINT pk_proposals PRIMARY KEY (id),
    CONSTRAINT ck_proposals_code CHECK (length(code) <= 32),
    CONSTRAINT ck_proposals_ident CHECK (length(ident) <= 400),
    CONSTRAINT ck_proposals_kind CHECK (length(kind) <= 16),
    CONSTRAINT ck_proposals_answer CHECK (answer IN ('none', 'interested', 'accepted', 'declined', 'countered')),
    CONSTRAINT ck_proposals_version CHECK (version >= 1),
    CONSTRAINT uq_proposals_match_ident UNIQUE (match, ident),
    CONSTRAINT uq_proposals_code UNIQUE (code),
    CONSTRAINT fk_proposals_match FOREIGN KEY(match) REFERENCES matches (id)
);

CREATE INDEX ix_proposals_match ON proposals (match);

CREATE TABLE rulings (
    id BIGSERIAL NOT NULL,
    round BIGINT NOT NULL,
    match BIGINT,
    kind VARCHAR(16) NOT NULL,
    cause VARCHAR(16) NOT NULL,
    pattern TEXT NOT NULL,
    withdrawn BOOLEAN DEFAULT false NOT NULL,
    at BIGINT NOT NULL,
    actor VARCHAR(64) NOT NULL,
    CONSTRAINT pk_rulings PRIMARY KEY (id),
    CONSTRAINT ck_rulings_kind CHECK (length(kind) <= 16),
    CONSTRAINT ck_rulings_cause CHECK (length(cause) <= 16),
    CONSTRAINT ck_rulings_actor CHECK (length(actor) <= 64),
    CONSTRAINT ck_rulings_known CHECK (kind IN ('forbid', 'fix', 'cap', 'build', 'price', 'note')),
    CONSTRAINT fk_rulings_round FOREIGN KEY(round) REFERENCES rounds (id),
    CONSTRAINT fk_rulings_match FOREIGN KEY(match) REFERENCES matches (id)
);

CREATE TABLE lines (
    proposal BIGINT NOT NULL,
    number INTEGER NOT NULL,
    from_enterprise VARCHAR(64) NOT NULL,
    from_site VARCHAR(64) NOT NULL,
    to_enterprise VARCHAR(64) NOT NULL,
    to_site VARCHAR(64) NOT NULL,
    commodity VARCHAR(64) NOT NULL,
    mode VARCHAR(64) NOT NULL,
    outlet_kind VARCHAR(16) NOT NULL,
    outlet VARCHAR(130) NOT NULL,
    inlet_kind VARCHAR(16) NOT NULL,
    inlet VARCHAR(130) NOT NULL,
    quantity BIGINT NOT NULL,
    price BIGINT,
    CONSTRAINT pk_lines PRIMARY KEY (proposal, number),
    CONSTRAINT ck_lines_from_enterprise CHECK (length(from_enterprise) <= 64),
    CONSTRAINT ck_lines_from_site CHECK (length(from_site) <= 64),
    CONSTRAINT ck_lines_to_enterprise CHECK (length(to_enterprise) <= 64),
    CONSTRAINT ck_lines_to_site CHECK (length(to_site) <= 64),
    CONSTRAINT ck_lines_commodity CHECK (length(commodity) <= 64),
    CONSTRAINT ck_lines_mode CHECK (length(mode) <= 64),
    CONSTRAINT ck_lines_outlet_kind CHECK (length(outlet_kind) <= 16),
    CONSTRAINT ck_lines_outlet CHECK (length(outlet) <= 130),
    CONSTRAINT ck_lines_inlet_kind CHECK (length(inlet_kind) <= 16),
    CONSTRAINT ck_lines_inlet CHECK (length(inlet) <= 130),
    CONSTRAINT ck_lines_quantity CHECK (quantity >= 0),
    CONSTRAINT fk_lines_proposal FOREIGN KEY(proposal) REFERENCES proposals (id)
);

CREATE TABLE parties (
    proposal BIGINT NOT NULL,
    enterprise VARCHAR(64) NOT NULL,
    answer VARCHAR(16) DEFAULT 'none' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    reason VARCHAR(1000) NOT NULL,
    counter TEXT,
    at BIGINT,
    actor VARCHAR(64),
    CONSTRAINT pk_parties PRIMARY KEY (proposal, enterprise),
    CONSTRAINT ck_parties_enterprise CHECK (length(enterprise) <= 64),
    CONSTRAINT ck_parties_answer CHECK (answer IN ('none', 'interested', 'accepted', 'declined', 'countered')),
    CONSTRAINT ck_parties_version CHECK (version >= 1),
    CONSTRAINT ck_parties_reason CHECK (length(reason) <= 1000),
    CONSTRAINT ck_parties_actor CHECK (length(actor) <= 64 OR actor IS NULL),
    CONSTRAINT fk_parties_proposal FOREIGN KEY(proposal) REFERENCES proposals (id)
);

CREATE INDEX ix_parties_enterprise ON parties (enterprise);

CREATE TABLE partnerships (
    id BIGSERIAL NOT NULL,
    proposal BIGINT NOT NULL,
    round BIGINT NOT NULL,
    stage VARCHAR(16) DEFAULT 'agreed' NOT NULL,
    version INTEGER DEFAULT '1' NOT NULL,
    reason VARCHAR(1000) NOT NULL,
    since BIGINT NOT NULL,
    CONSTRAINT pk_partnerships PRIMARY KEY (id),
    CONSTRAINT ck_partnerships_stage CHECK (stage IN ('agreed', 'permits', 'financing', 'building', 'running', 'ended')),
    CONSTRAINT ck_partnerships_version CHECK (version >= 1),
    CONSTRAINT ck_partnerships_reason CHECK (length(reason) <= 1000),
    CONSTRAINT uq_partnerships_proposal UNIQUE (proposal),
    CONSTRAINT fk_partnerships_proposal FOREIGN KEY(proposal) REFERENCES proposals (id),
    CONSTRAINT fk_partnerships_round FOREIGN KEY(round) REFERENCES rounds (id)
);

INSERT INTO chain (id, number, mac) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
