-- What reports count by, beside the visit.

ALTER TABLE visit ADD COLUMN day TEXT NOT NULL DEFAULT ''; -- on which it started, in England

ALTER TABLE visit ADD COLUMN refusal_reason TEXT;

ALTER TABLE visit ADD COLUMN notice_standing TEXT; -- null where there was no appointment

ALTER TABLE visit ADD COLUMN id_shown BIGINT; -- null where nobody came to the door

CREATE INDEX visit_no_access ON visit (uprn, started_ms) WHERE outcome IN ('entry_refused', 'no_answer', 'no_suitable_adult');
