-- The schema as it was when PostgreSQL came in: the same tables and columns as 0001 to 0004 of the embedded database. Keys are
-- ids that devices and the council make; nothing draws from a sequence when records come in, and only people and
-- organisations, of which every node can hold a copy, are referred to by foreign keys.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE organisation (
    organisation_id BYTEA PRIMARY KEY CHECK (length(organisation_id) = 16),
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('council', 'contractor'))
);

CREATE TABLE person (
    user_id BYTEA PRIMARY KEY CHECK (length(user_id) = 16),
    user_name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    organisation_id BYTEA NOT NULL REFERENCES organisation (organisation_id),
    role TEXT NOT NULL CHECK (role IN ('contractor', 'officer', 'supervisor', 'safeguarding_lead', 'auditor', 'administrator')),
    position TEXT NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT -- argon2id; null for those who never sign in to the console
);

CREATE TABLE session (
    token_hash BYTEA PRIMARY KEY CHECK (length(token_hash) = 32), -- never the token itself
    user_id BYTEA NOT NULL REFERENCES person (user_id),
    created_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL
);

CREATE TABLE device (
    device_id BYTEA PRIMARY KEY CHECK (length(device_id) = 16),
    user_id BYTEA NOT NULL REFERENCES person (user_id),
    public_key BYTEA NOT NULL CHECK (length(public_key) = 32),
    name TEXT NOT NULL,
    app_version TEXT NOT NULL,
    enrolled_ms BIGINT NOT NULL,
    contact_ms BIGINT NOT NULL,
    revoked_ms BIGINT
);

CREATE TABLE enrolment_code (
    code_hash BYTEA PRIMARY KEY CHECK (length(code_hash) = 32), -- never the code itself
    user_id BYTEA NOT NULL REFERENCES person (user_id),
    expires_ms BIGINT NOT NULL,
    used_ms BIGINT
);

CREATE TABLE appointment (
    appointment_ref TEXT PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES person (user_id),
    window_start_ms BIGINT NOT NULL,
    window_end_ms BIGINT NOT NULL,
    uprn TEXT NOT NULL,
    tenant_name TEXT NOT NULL,
    address TEXT NOT NULL, -- on one line, to search and show
    appointment TEXT NOT NULL, -- whole, JSON
    words TEXT NOT NULL -- to search by, in small letters
);

CREATE INDEX appointment_by_time ON appointment (window_start_ms);

CREATE TABLE feed_end ( -- the last number that was given to a change of a person's
    user_id BYTEA PRIMARY KEY REFERENCES person (user_id),
    version BIGINT NOT NULL
);

CREATE TABLE feed (
    user_id BYTEA NOT NULL REFERENCES person (user_id),
    appointment_ref TEXT NOT NULL,
    version BIGINT NOT NULL, -- a device's cursor
    withdrawn BIGINT NOT NULL CHECK (withdrawn IN (0, 1)),
    PRIMARY KEY (user_id, appointment_ref)
);

CREATE INDEX feed_by_version ON feed (user_id, version);

CREATE TABLE chain (
    device_id BYTEA NOT NULL,
    epoch BYTEA NOT NULL CHECK (length(epoch) = 16),
    high_water BIGINT NOT NULL, -- the last record of the gapless prefix
    claimed BIGINT NOT NULL, -- the last record that the device says it has
    claimed_ms BIGINT NOT NULL,
    forked BIGINT NOT NULL CHECK (forked IN (0, 1)),
    PRIMARY KEY (device_id, epoch)
);

CREATE TABLE record (
    device_id BYTEA NOT NULL,
    epoch BYTEA NOT NULL CHECK (length(epoch) = 16),
    sequence BIGINT NOT NULL CHECK (sequence > 0),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    record_id BYTEA NOT NULL CHECK (length(record_id) = 16),
    commitment BYTEA NOT NULL CHECK (length(commitment) = 32),
    visit_id BYTEA NOT NULL CHECK (length(visit_id) = 16),
    received_ms BIGINT NOT NULL,
    envelope BYTEA NOT NULL, -- verbatim, as the device signed it
    PRIMARY KEY (device_id, epoch, sequence)
);

CREATE INDEX record_by_visit ON record (visit_id);

CREATE INDEX record_by_id ON record (record_id);

CREATE TABLE body ( -- apart from the envelope, so that content can be erased and the chain still verifies
    record_id BYTEA PRIMARY KEY CHECK (length(record_id) = 16),
    body BYTEA NOT NULL
);

CREATE TABLE visit_key (
    visit_id BYTEA PRIMARY KEY CHECK (length(visit_id) = 16),
    key BYTEA NOT NULL CHECK (length(key) = 32)
);

CREATE TABLE seal (
    device_id BYTEA NOT NULL,
    epoch BYTEA NOT NULL CHECK (length(epoch) = 16),
    sequence BIGINT NOT NULL CHECK (sequence > 0),
    seal BYTEA NOT NULL,
    PRIMARY KEY (device_id, epoch, sequence)
);

CREATE TABLE set_aside ( -- what could not be taken, raw, for a person to look at
    device_id BYTEA NOT NULL,
    epoch BYTEA NOT NULL CHECK (length(epoch) = 16),
    sequence BIGINT NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    reason TEXT NOT NULL,
    holds_place BIGINT NOT NULL CHECK (holds_place IN (0, 1)), -- 0 where another record stands at its number
    received_ms BIGINT NOT NULL,
    envelope BYTEA NOT NULL,
    body BYTEA NOT NULL,
    PRIMARY KEY (device_id, epoch, sequence, hash)
);

CREATE TABLE visit ( -- a fold over records, kept beside them: lists and exports are drawn from it
    visit_id BYTEA PRIMARY KEY CHECK (length(visit_id) = 16),
    started_ms BIGINT NOT NULL,
    appointment_ref TEXT,
    uprn TEXT,
    visit_kind TEXT,
    user_id BYTEA REFERENCES person (user_id),
    organisation_id BYTEA REFERENCES organisation (organisation_id),
    outcome TEXT,
    ended_ms BIGINT,
    received_ms BIGINT NOT NULL,
    folded TEXT NOT NULL, -- the visit whole, JSON; no sealed concern is in it
    words TEXT NOT NULL, -- to search by, in small letters
    address TEXT, -- where there is no appointment to hold it
    entry TEXT CHECK (entry IN ('consent', 'lawful')) -- null where nobody went in
);

CREATE INDEX visit_by_time ON visit (started_ms DESC, visit_id DESC);

CREATE INDEX visit_by_appointment ON visit (appointment_ref);

CREATE TABLE sealed_concern ( -- for the safeguarding leads alone
    record_id BYTEA PRIMARY KEY CHECK (length(record_id) = 16),
    visit_id BYTEA NOT NULL CHECK (length(visit_id) = 16),
    recorded_ms BIGINT NOT NULL,
    received_ms BIGINT NOT NULL
);

CREATE TABLE audit (
    audit_id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    user_name TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL -- JSON, never personal data
);

CREATE TABLE code ( -- versions of the Code, as they were published
    code_hash TEXT PRIMARY KEY, -- SHA-256 of the exact text, hexadecimal
    label TEXT NOT NULL,
    from_day TEXT NOT NULL, -- the first day on which it binds, in England
    text TEXT NOT NULL,
    published_ms BIGINT NOT NULL,
    published_by TEXT NOT NULL
);

CREATE TABLE acknowledgement ( -- signatures under the Code
    record_id BYTEA PRIMARY KEY CHECK (length(record_id) = 16),
    user_id BYTEA NOT NULL REFERENCES person (user_id),
    code_hash TEXT NOT NULL,
    label TEXT NOT NULL,
    name TEXT NOT NULL,
    position TEXT NOT NULL,
    organisation TEXT NOT NULL,
    signed TEXT NOT NULL, -- JSON: typed, or strokes
    recorded_ms BIGINT NOT NULL,
    received_ms BIGINT NOT NULL
);

CREATE INDEX acknowledgement_by_time ON acknowledgement (recorded_ms DESC, record_id DESC);

CREATE TABLE concern ( -- those that are not sealed
    record_id BYTEA PRIMARY KEY CHECK (length(record_id) = 16),
    visit_id BYTEA NOT NULL CHECK (length(visit_id) = 16),
    user_id BYTEA NOT NULL REFERENCES person (user_id),
    kind TEXT NOT NULL,
    noticed_ms BIGINT NOT NULL, -- when it was said or seen: legal clocks run from here
    recorded_ms BIGINT NOT NULL,
    received_ms BIGINT NOT NULL,
    struck TEXT, -- why it was struck out, if it was
    concern TEXT NOT NULL -- whole, JSON
);

CREATE INDEX concern_by_time ON concern (noticed_ms DESC, record_id DESC);

CREATE INDEX visit_by_property ON visit (uprn, started_ms) WHERE uprn IS NOT NULL;

CREATE INDEX appointment_by_property ON appointment (uprn);

CREATE TABLE photo ( -- what records name; the record says the rest
    sha256 BYTEA NOT NULL CHECK (length(sha256) = 32),
    visit_id BYTEA NOT NULL CHECK (length(visit_id) = 16),
    struck BIGINT NOT NULL CHECK (struck IN (0, 1)), -- taken by mistake: nobody is shown it
    refused TEXT, -- why the last picture that came under its name was not taken, if it was not
    PRIMARY KEY (sha256, visit_id)
);

CREATE INDEX photo_by_visit ON photo (visit_id);

CREATE TABLE blob ( -- how far a picture has come; when it is whole it is a file beside the database
    sha256 BYTEA PRIMARY KEY CHECK (length(sha256) = 32),
    size BIGINT NOT NULL CHECK (size > 0),
    held BIGINT NOT NULL CHECK (held >= 0 AND held <= size),
    complete_ms BIGINT -- null until all of it is here and was found to be what its name says
);

CREATE TABLE blob_piece ( -- until it is whole
    sha256 BYTEA NOT NULL,
    at BIGINT NOT NULL CHECK (at >= 0),
    piece BYTEA NOT NULL,
    PRIMARY KEY (sha256, at)
);

CREATE INDEX visit_by_organisation ON visit (organisation_id, started_ms DESC, visit_id DESC);

CREATE INDEX visit_by_outcome ON visit (outcome, started_ms DESC, visit_id DESC);

CREATE INDEX visit_by_entry ON visit (entry, started_ms DESC, visit_id DESC) WHERE entry IS NOT NULL;

CREATE INDEX concern_by_kind ON concern (kind, noticed_ms DESC, record_id DESC);
