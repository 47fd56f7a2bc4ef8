CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE organisation (
    organisation_id BLOB PRIMARY KEY CHECK (length(organisation_id) = 16),
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('council', 'contractor'))
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    user_id BLOB PRIMARY KEY CHECK (length(user_id) = 16),
    user_name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    organisation_id BLOB NOT NULL REFERENCES organisation (organisation_id),
    role TEXT NOT NULL CHECK (role IN ('contractor', 'officer', 'supervisor', 'safeguarding_lead', 'auditor', 'administrator')),
    position TEXT NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT -- argon2id; null for those who never sign in to the console
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32), -- never the token itself
    user_id BLOB NOT NULL REFERENCES person (user_id),
    created_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    device_id BLOB PRIMARY KEY CHECK (length(device_id) = 16),
    user_id BLOB NOT NULL REFERENCES person (user_id),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    name TEXT NOT NULL,
    app_version TEXT NOT NULL,
    enrolled_ms INTEGER NOT NULL,
    contact_ms INTEGER NOT NULL,
    revoked_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment_code (
    code_hash BLOB PRIMARY KEY CHECK (length(code_hash) = 32), -- never the code itself
    user_id BLOB NOT NULL REFERENCES person (user_id),
    expires_ms INTEGER NOT NULL,
    used_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE appointment (
    appointment_ref TEXT PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES person (user_id),
    window_start_ms INTEGER NOT NULL,
    window_end_ms INTEGER NOT NULL,
    uprn TEXT NOT NULL,
    tenant_name TEXT NOT NULL,
    address TEXT NOT NULL, -- on one line, to search and show
    appointment TEXT NOT NULL -- whole, JSON
) STRICT, WITHOUT ROWID;

CREATE INDEX appointment_by_time ON appointment (window_start_ms);

CREATE TABLE feed (
    version INTEGER PRIMARY KEY AUTOINCREMENT, -- a device's cursor
    user_id BLOB NOT NULL REFERENCES person (user_id),
    appointment_ref TEXT NOT NULL,
    withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    UNIQUE (user_id, appointment_ref)
) STRICT;

CREATE TABLE chain (
    device_id BLOB NOT NULL REFERENCES device (device_id),
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    high_water INTEGER NOT NULL, -- the last record of the gapless prefix
    claimed INTEGER NOT NULL, -- the last record that the device says it has
    claimed_ms INTEGER NOT NULL,
    forked INTEGER NOT NULL CHECK (forked IN (0, 1)),
    PRIMARY KEY (device_id, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE record (
    device_id BLOB NOT NULL REFERENCES device (device_id),
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    record_id BLOB NOT NULL CHECK (length(record_id) = 16),
    commitment BLOB NOT NULL CHECK (length(commitment) = 32),
    visit_id BLOB NOT NULL CHECK (length(visit_id) = 16),
    received_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL, -- verbatim, as the device signed it
    PRIMARY KEY (device_id, epoch, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX record_by_visit ON record (visit_id);

CREATE INDEX record_by_id ON record (record_id);

CREATE TABLE body ( -- apart from the envelope, so that content can be erased and the chain still verifies
    record_id BLOB PRIMARY KEY CHECK (length(record_id) = 16),
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE visit_key (
    visit_id BLOB PRIMARY KEY CHECK (length(visit_id) = 16),
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE seal (
    device_id BLOB NOT NULL REFERENCES device (device_id),
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    seal BLOB NOT NULL,
    PRIMARY KEY (device_id, epoch, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE set_aside ( -- what could not be taken, raw, for a person to look at
    device_id BLOB NOT NULL REFERENCES device (device_id),
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    reason TEXT NOT NULL,
    holds_place INTEGER NOT NULL CHECK (holds_place IN (0, 1)), -- 0 where another record stands at its number
    received_ms INTEGER NOT NULL,
    envelope BLOB NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (device_id, epoch, sequence, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE visit ( -- a fold over records, kept beside them: lists and exports are drawn from it
    visit_id BLOB PRIMARY KEY CHECK (length(visit_id) = 16),
    started_ms INTEGER NOT NULL,
    appointment_ref TEXT,
    uprn TEXT,
    visit_kind TEXT,
    user_id BLOB REFERENCES person (user_id),
    organisation_id BLOB REFERENCES organisation (organisation_id),
    outcome TEXT,
    ended_ms INTEGER,
    received_ms INTEGER NOT NULL,
    folded TEXT NOT NULL -- the visit whole, JSON; no sealed concern is in it
) STRICT, WITHOUT ROWID;

CREATE INDEX visit_by_time ON visit (started_ms DESC, visit_id DESC);

CREATE INDEX visit_by_appointment ON visit (appointment_ref);

CREATE TABLE sealed_concern ( -- for the safeguarding leads alone
    record_id BLOB PRIMARY KEY CHECK (length(record_id) = 16),
    visit_id BLOB NOT NULL CHECK (length(visit_id) = 16),
    recorded_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    audit_id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL -- JSON, never personal data
) STRICT;
