-- The requests of phones that were answered in the last week. One that comes again fetches nothing.
CREATE TABLE request_nonce (
    device_id BYTEA NOT NULL REFERENCES device,
    nonce BYTEA NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (device_id, nonce)
);

CREATE INDEX request_nonce_by_time ON request_nonce (at_ms);

-- Whose phones a key belongs to is asked for every record that is in another person's name.
CREATE INDEX device_by_key ON device (public_key);

-- Which code a phone was enrolled with, so that the same phone can ask again if the answer was lost.
ALTER TABLE device ADD COLUMN code_hash BYTEA;
