-- Each line of the audit log is linked to the one before, a moment after it is written. What it
-- says is only committed to, so that it can be erased.
ALTER TABLE audit ADD COLUMN place INTEGER; -- from 1, without gaps; null until it is linked

ALTER TABLE audit ADD COLUMN salt BLOB CHECK (length(salt) = 32); -- null once part of what it says is erased

ALTER TABLE audit ADD COLUMN commitment BLOB CHECK (length(commitment) = 32);

ALTER TABLE audit ADD COLUMN link BLOB CHECK (length(link) = 32);

CREATE UNIQUE INDEX audit_by_place ON audit (place);

CREATE INDEX audit_by_time ON audit (at_ms);

CREATE TABLE leads_log_head ( -- the end of the leads' own log, once a day; the audit log commits to it
    commitment BLOB PRIMARY KEY CHECK (length(commitment) = 32),
    number INTEGER NOT NULL, -- of the last line; 0 while there is none
    link BLOB NOT NULL CHECK (length(link) = 32),
    salt BLOB NOT NULL CHECK (length(salt) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE known_network ( -- from which somebody has signed in: others' wrong guesses don't slow them down there
    user_id BLOB NOT NULL REFERENCES person (user_id),
    network BLOB NOT NULL CHECK (length(network) = 32), -- a hash of the address that only this council can make
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, network)
) STRICT, WITHOUT ROWID;
