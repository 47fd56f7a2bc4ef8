CREATE TABLE code ( -- versions of the Code, as they were published
    code_hash TEXT PRIMARY KEY, -- SHA-256 of the exact text, hexadecimal
    label TEXT NOT NULL,
    from_day TEXT NOT NULL, -- the first day on which it binds, in England
    text TEXT NOT NULL,
    published_ms INTEGER NOT NULL,
    published_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE acknowledgement ( -- signatures under the Code
    record_id BLOB PRIMARY KEY CHECK (length(record_id) = 16),
    user_id BLOB NOT NULL REFERENCES person (user_id),
    code_hash TEXT NOT NULL,
    label TEXT NOT NULL,
    name TEXT NOT NULL,
    position TEXT NOT NULL,
    organisation TEXT NOT NULL,
    signed TEXT NOT NULL, -- JSON: typed, or strokes
    recorded_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX acknowledgement_by_time ON acknowledgement (recorded_ms DESC, record_id DESC);

CREATE TABLE concern ( -- those that are not sealed
    record_id BLOB PRIMARY KEY CHECK (length(record_id) = 16),
    visit_id BLOB NOT NULL CHECK (length(visit_id) = 16),
    user_id BLOB NOT NULL REFERENCES person (user_id),
    kind TEXT NOT NULL,
    noticed_ms INTEGER NOT NULL, -- when it was said or seen: legal clocks run from here
    recorded_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    struck TEXT, -- why it was struck out, if it was
    concern TEXT NOT NULL -- whole, JSON
) STRICT, WITHOUT ROWID;

CREATE INDEX concern_by_time ON concern (noticed_ms DESC, record_id DESC);

CREATE INDEX visit_by_property ON visit (uprn, started_ms) WHERE uprn IS NOT NULL;

CREATE INDEX appointment_by_property ON appointment (uprn);
