-- Each line of the audit log is linked to the one before, a moment after it is written. What it
-- says is only committed to, so that it can be erased.
ALTER TABLE audit ADD COLUMN place BIGINT; -- from 1, without gaps; null until it is linked

ALTER TABLE audit ADD COLUMN salt BYTEA CHECK (length(salt) = 32); -- null once part of what it says is erased

ALTER TABLE audit ADD COLUMN commitment BYTEA CHECK (length(commitment) = 32);

ALTER TABLE audit ADD COLUMN link BYTEA CHECK (length(link) = 32);

CREATE UNIQUE INDEX audit_by_place ON audit (place);

CREATE INDEX audit_by_time ON audit (at_ms);

CREATE TABLE leads_log_head ( -- the end of the leads' own log, once a day; the audit log commits to it
    commitment BYTEA PRIMARY KEY CHECK (length(commitment) = 32),
    number BIGINT NOT NULL, -- of the last line; 0 while there is none
    link BYTEA NOT NULL CHECK (length(link) = 32),
    salt BYTEA NOT NULL CHECK (length(salt) = 32)
);

CREATE TABLE known_network ( -- from which somebody has signed in: others' wrong guesses don't slow them down there
    user_id BYTEA NOT NULL REFERENCES person (user_id),
    network BYTEA NOT NULL CHECK (length(network) = 32), -- a hash of the address that only this council can make
    seen_ms BIGINT NOT NULL,
    PRIMARY KEY (user_id, network)
);
