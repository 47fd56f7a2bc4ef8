CREATE TABLE council_number ( -- numbers that the council has entered over those that Doorstep ships with; one that has begun stays
    name TEXT NOT NULL,
    from_day TEXT NOT NULL, -- the first day on which it holds, in Europe/London: 2026-11-24
    value INTEGER NOT NULL,
    source TEXT NOT NULL,
    entered_ms INTEGER NOT NULL,
    entered_by TEXT NOT NULL,
    PRIMARY KEY (name, from_day)
) STRICT, WITHOUT ROWID;

-- Whoever searches reads an index, and not the visits themselves, which are long: a name that nobody has took half a minute to be
-- looked for among a million.
DROP INDEX visit_by_time;

CREATE INDEX visit_by_time ON visit (started_ms DESC, visit_id DESC, words, appointment_ref, organisation_id, outcome, entry);
