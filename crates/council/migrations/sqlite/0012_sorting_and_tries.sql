-- Visits are sorted by where, who and outcome: what a list is sorted by stands in the index, since the visits themselves are long.
DROP INDEX visit_by_time;

CREATE INDEX visit_by_time ON visit (
    started_ms DESC, visit_id DESC, words, appointment_ref, organisation_id, outcome, entry, address, user_id
);

CREATE TABLE sign_in_try ( -- tries to sign in that came to nothing: whoever guesses waits, at every process of the council
    whose BLOB PRIMARY KEY CHECK (length(whose) = 32), -- a hash of the name, and of the browser where it is known
    tries INTEGER NOT NULL CHECK (tries > 0),
    last_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sign_in_try_by_time ON sign_in_try (last_ms);
