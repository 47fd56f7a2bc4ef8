CREATE TABLE note_reading ( -- who read a safeguarding note, for the leads alone: a gap in the audit log's numbers would tell others of it
    record_id BYTEA NOT NULL,
    at_ms BIGINT NOT NULL,
    user_name TEXT NOT NULL,
    PRIMARY KEY (record_id, at_ms, user_name)
);

CREATE INDEX sealed_concern_by_time ON sealed_concern (received_ms, record_id);
