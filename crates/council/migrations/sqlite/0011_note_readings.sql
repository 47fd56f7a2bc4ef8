CREATE TABLE note_reading ( -- who read a safeguarding note, for the leads alone: a gap in the audit log's numbers would tell others of it
    record_id BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    PRIMARY KEY (record_id, at_ms, user_name)
) STRICT, WITHOUT ROWID;

CREATE INDEX sealed_concern_by_time ON sealed_concern (received_ms, record_id);
