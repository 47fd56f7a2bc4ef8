-- Of sorting there is nothing to change here: PostgreSQL keeps long text apart, so that rows are short to sort.

CREATE TABLE sign_in_try ( -- tries to sign in that came to nothing: whoever guesses waits, at every process of the council
    whose BYTEA PRIMARY KEY CHECK (length(whose) = 32), -- a hash of the name, and of the browser where it is known
    tries BIGINT NOT NULL CHECK (tries > 0),
    last_ms BIGINT NOT NULL
);

CREATE INDEX sign_in_try_by_time ON sign_in_try (last_ms);
