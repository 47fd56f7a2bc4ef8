CREATE TABLE case_file ( -- what a visit asks of the council
    case_id BLOB PRIMARY KEY CHECK (length(case_id) = 16), -- made of its kind and the record that it comes from
    kind TEXT NOT NULL,
    visit_id BLOB NOT NULL CHECK (length(visit_id) = 16),
    record_id BLOB NOT NULL CHECK (length(record_id) = 16),
    user_id BLOB REFERENCES person (user_id), -- the visitor
    opened_ms INTEGER NOT NULL, -- when it was said or seen: clocks run from here
    received_ms INTEGER NOT NULL, -- when the council heard of it
    owner_id BLOB REFERENCES person (user_id),
    due_step TEXT, -- what is to be done next; null when all is done
    due_ms INTEGER, -- by when: its place in the order of deadlines
    closed_ms INTEGER,
    outcome TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX case_by_deadline ON case_file (due_ms, case_id) WHERE closed_ms IS NULL;

CREATE INDEX case_by_closing ON case_file (closed_ms DESC, case_id DESC) WHERE closed_ms IS NOT NULL;

CREATE INDEX case_by_visit ON case_file (visit_id);

CREATE TABLE case_line ( -- what was done about it, line by line; none is ever changed
    case_id BLOB NOT NULL REFERENCES case_file (case_id),
    number INTEGER NOT NULL CHECK (number > 0),
    at_ms INTEGER NOT NULL,
    user_name TEXT NOT NULL, -- empty where the service itself wrote it
    action TEXT NOT NULL,
    subject TEXT, -- the step that was done, the owner, the outcome
    words TEXT,
    PRIMARY KEY (case_id, number)
) STRICT, WITHOUT ROWID;

ALTER TABLE visit ADD COLUMN alone_until_ms INTEGER; -- when somebody who works alone expected to be out; null once they are

CREATE INDEX visit_by_alone ON visit (alone_until_ms) WHERE alone_until_ms IS NOT NULL;
