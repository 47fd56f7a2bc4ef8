-- A visit's file may be opened before setting out, and a visit may have no appointment.
ALTER TABLE visit ADD COLUMN uprn TEXT;
ALTER TABLE visit ADD COLUMN address TEXT; -- where no appointment holds it
ALTER TABLE visit ADD COLUMN started INTEGER NOT NULL DEFAULT 1 CHECK (started IN (0, 1));
ALTER TABLE visit ADD COLUMN to_do TEXT; -- what the visitor still owes the tenant; null for nothing
ALTER TABLE visit ADD COLUMN expected_end_ms INTEGER; -- working alone, until "I am safe"; null otherwise

CREATE INDEX visit_by_property ON visit (uprn, started_at_ms) WHERE uprn IS NOT NULL;

CREATE INDEX visit_by_time ON visit (started_at_ms);

CREATE INDEX visit_open ON visit (started_at_ms) WHERE outcome IS NULL;

CREATE INDEX visit_to_do ON visit (started_at_ms) WHERE to_do IS NOT NULL;

CREATE INDEX visit_alone ON visit (expected_end_ms) WHERE expected_end_ms IS NOT NULL;

CREATE TABLE draft ( -- what is half typed: a locked, killed or dead phone forgets none of it
    name TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
