CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE chain (
    only INTEGER PRIMARY KEY CHECK (only = 1), -- one row: the end of the chain that is being written
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    last_order INTEGER NOT NULL -- never goes back, whatever the clock does
) STRICT;

CREATE TABLE receipt (
    receipt_id INTEGER PRIMARY KEY AUTOINCREMENT,
    council_time_ms INTEGER NOT NULL,
    answer BLOB NOT NULL -- the council's signed answer, verbatim: it verifies without this app
) STRICT;

CREATE TABLE record (
    local_id INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of writing, never used again
    record_id BLOB NOT NULL CHECK (length(record_id) = 16),
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    visit_id BLOB NOT NULL CHECK (length(visit_id) = 16),
    recorded_at_ms INTEGER NOT NULL,
    urgent INTEGER NOT NULL CHECK (urgent IN (0, 1)),
    envelope BLOB NOT NULL, -- made once; these bytes are what the chain is over
    body BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'received', 'set_aside', 'reissued')),
    reason TEXT, -- why it was set aside
    receipt_id INTEGER REFERENCES receipt (receipt_id),
    UNIQUE (epoch, sequence),
    CHECK ((state = 'set_aside') = (reason IS NOT NULL)),
    CHECK (state NOT IN ('received', 'set_aside') OR receipt_id IS NOT NULL) -- nothing is believed sent without a receipt
) STRICT;

CREATE INDEX record_by_visit ON record (visit_id);

CREATE INDEX record_waiting ON record (urgent DESC, local_id) WHERE state = 'waiting';

CREATE INDEX record_set_aside ON record (local_id) WHERE state = 'set_aside';

CREATE TABLE seal (
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    seal BLOB NOT NULL,
    PRIMARY KEY (epoch, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE visit_key (
    visit_id BLOB PRIMARY KEY CHECK (length(visit_id) = 16),
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE visit (
    visit_id BLOB PRIMARY KEY CHECK (length(visit_id) = 16),
    appointment_ref TEXT,
    started_at_ms INTEGER NOT NULL,
    outcome TEXT, -- null while the visit is open
    entered INTEGER NOT NULL CHECK (entered IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX visit_by_appointment ON visit (appointment_ref, started_at_ms);

CREATE TABLE appointment (
    appointment_ref TEXT PRIMARY KEY,
    window_start_ms INTEGER NOT NULL,
    appointment TEXT NOT NULL -- as the council gave it, JSON
) STRICT, WITHOUT ROWID;

CREATE INDEX appointment_by_time ON appointment (window_start_ms);
