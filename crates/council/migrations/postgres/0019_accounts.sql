-- When somebody else chose a person's password. They change it at their next sign-in, and it lapses.
ALTER TABLE person ADD COLUMN password_given_ms BIGINT; -- null for one of their own

-- When whoever has the session last proved who they are. They are asked again before what can't be undone.
ALTER TABLE session ADD COLUMN proved_ms BIGINT NOT NULL DEFAULT 0;
UPDATE session SET proved_ms = created_ms;

-- Changes to accounts that wait for somebody to agree: desk roles from a table, and everything about a lead.
CREATE TABLE account_change (
    change_id BYTEA PRIMARY KEY CHECK (length(change_id) = 32), -- made of all that the change says: nobody agrees to another one
    user_name TEXT NOT NULL, -- whose account; there may be no such person yet
    kind TEXT NOT NULL,
    detail TEXT NOT NULL, -- JSON
    asked_ms BIGINT NOT NULL,
    asked_by TEXT NOT NULL,
    UNIQUE (user_name, kind)
);

CREATE TABLE account_agreed ( -- who agreed to a change
    change_id BYTEA NOT NULL,
    user_name TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (change_id, user_name)
);

-- The leads' own log: who opened a safeguarding note, and what was changed about a lead's account. Each line holds a hash
-- of the one before. What it says is only committed to, so that it can be erased while the hashes stay right.
CREATE TABLE leads_log (
    number BIGINT PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    record_id BYTEA, -- the note that was opened
    commitment BYTEA NOT NULL CHECK (length(commitment) = 32),
    link BYTEA NOT NULL CHECK (length(link) = 32),
    salt BYTEA, -- null once the line is erased
    line TEXT -- JSON; null once it is erased
);

-- Passkeys, as a second factor beside the authenticator.
CREATE TABLE passkey (
    credential_id BYTEA PRIMARY KEY, -- as the authenticator made it: nobody else has the same
    user_id BYTEA NOT NULL REFERENCES person (user_id),
    name TEXT NOT NULL, -- what its owner calls it
    transports BIGINT NOT NULL,
    fixed BYTEA NOT NULL, -- the public key, and what never changes
    changing BYTEA NOT NULL, -- how often it was used, by its own count
    made_ms BIGINT NOT NULL,
    used_ms BIGINT NOT NULL
);

CREATE INDEX passkey_by_person ON passkey (user_id);

CREATE TABLE passkey_ceremony ( -- what was asked of a browser, until it has answered
    ceremony_id BYTEA PRIMARY KEY CHECK (length(ceremony_id) = 32),
    user_id BYTEA NOT NULL REFERENCES person (user_id),
    makes_one BIGINT NOT NULL, -- whether a passkey is made, or asked for
    asked BYTEA NOT NULL,
    at_ms BIGINT NOT NULL
);
