ALTER TABLE appointment ADD COLUMN cancelled_ms INTEGER; -- when the council called it off

ALTER TABLE appointment ADD COLUMN cancelled_because TEXT;

CREATE INDEX appointment_by_person ON appointment (user_id, window_start_ms);

ALTER TABLE person ADD COLUMN left_ms INTEGER; -- when they left: they sign in no more, and their phones are revoked

CREATE TABLE api_token ( -- by which another system of the council's signs its requests
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32), -- never the token itself
    name TEXT NOT NULL UNIQUE,
    made_ms INTEGER NOT NULL,
    revoked_ms INTEGER
) STRICT, WITHOUT ROWID;
