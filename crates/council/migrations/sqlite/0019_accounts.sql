-- When somebody else chose a person's password. They change it at their next sign-in, and it lapses.
ALTER TABLE person ADD COLUMN password_given_ms INTEGER; -- null for one of their own

-- When whoever has the session last proved who they are. They are asked again before what can't be undone.
ALTER TABLE session ADD COLUMN proved_ms INTEGER NOT NULL DEFAULT 0;
UPDATE session SET proved_ms = created_ms;

-- Changes to accounts that wait for somebody to agree: desk roles from a table, and everything about a lead.
CREATE TABLE account_change (
    change_id BLOB PRIMARY KEY CHECK (length(change_id) = 32), -- made of all that the change says: nobody agrees to another one
    user_name TEXT NOT NULL, -- whose account; there may be no such person yet
    kind TEXT NOT NULL,
    detail TEXT NOT NULL, -- JSON
    asked_ms INTEGER NOT NULL,
    asked_by TEXT NOT NULL,
    UNIQUE (user_name, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE account_agreed ( -- who agreed to a change
    change_id BLOB NOT NULL,
    user_name TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (change_id, user_name)
) STRICT, WITHOUT ROWID;

-- The leads' own log: who opened a safeguarding note, and what was changed about a lead's account. Each line holds a hash
-- of the one before. What it says is only committed to, so that it can be erased while the hashes stay right.
CREATE TABLE leads_log (
    number INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    record_id BLOB, -- the note that was opened
    commitment BLOB NOT NULL CHECK (length(commitment) = 32),
    link BLOB NOT NULL CHECK (length(link) = 32),
    salt BLOB, -- null once the line is erased
    line TEXT -- JSON; null once it is erased
) STRICT;

-- Passkeys, as a second factor beside the authenticator.
CREATE TABLE passkey (
    credential_id BLOB PRIMARY KEY, -- as the authenticator made it: nobody else has the same
    user_id BLOB NOT NULL REFERENCES person (user_id),
    name TEXT NOT NULL, -- what its owner calls it
    transports INTEGER NOT NULL,
    fixed BLOB NOT NULL, -- the public key, and what never changes
    changing BLOB NOT NULL, -- how often it was used, by its own count
    made_ms INTEGER NOT NULL,
    used_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX passkey_by_person ON passkey (user_id);

CREATE TABLE passkey_ceremony ( -- what was asked of a browser, until it has answered
    ceremony_id BLOB PRIMARY KEY CHECK (length(ceremony_id) = 32),
    user_id BLOB NOT NULL REFERENCES person (user_id),
    makes_one INTEGER NOT NULL, -- whether a passkey is made, or asked for
    asked BLOB NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
