ALTER TABLE person ADD COLUMN totp_secret TEXT; -- base 32, RFC 6238; kept from the first sign-in on

ALTER TABLE person ADD COLUMN totp_confirmed_ms INTEGER; -- when its first code was right; null until then

ALTER TABLE person ADD COLUMN totp_last_step INTEGER; -- the step of the last code that was taken: none is taken twice

CREATE TABLE known_browser ( -- from which somebody has signed in: others' wrong guesses don't slow them down there
    token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32), -- never the token itself
    user_id BLOB NOT NULL REFERENCES person (user_id),
    seen_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
