CREATE TABLE notice ( -- what somebody, or another system, is to be told: written with what it is about, sent afterwards
    notice_id BYTEA PRIMARY KEY CHECK (length(notice_id) = 32), -- made of what it is about and for whom: nobody is told twice
    user_id BYTEA REFERENCES person (user_id), -- whose mail; null for the council's own systems
    about TEXT NOT NULL,
    case_id BYTEA, -- null where a mail says no more than that something waits
    detail TEXT NOT NULL, -- JSON for systems, ids alone; empty for mail
    made_ms BIGINT NOT NULL,
    next_ms BIGINT, -- when it is tried next; null once it is over
    tries BIGINT NOT NULL,
    sent_ms BIGINT -- null where it was given up
);

CREATE INDEX notice_waiting ON notice (next_ms) WHERE next_ms IS NOT NULL;

ALTER TABLE case_file ADD COLUMN told_due_ms BIGINT; -- the deadline of which people were told that it is near

ALTER TABLE case_file ADD COLUMN told_late_ms BIGINT; -- the deadline of which people were told that it is over

ALTER TABLE person ADD COLUMN openid_subject TEXT; -- issuer and subject by which a provider knows them; null until they came

CREATE UNIQUE INDEX person_by_openid_subject ON person (openid_subject) WHERE openid_subject IS NOT NULL;

ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT ''; -- what the browser says it is, for its owner's own list

CREATE TABLE erased ( -- visits of which nothing but the envelopes of their records is left
    visit_id BYTEA PRIMARY KEY CHECK (length(visit_id) = 16),
    erased_ms BIGINT NOT NULL,
    rule TEXT NOT NULL
);

ALTER TABLE api_token ADD COLUMN may TEXT NOT NULL DEFAULT 'appointments metrics'; -- what it opens, with spaces between
