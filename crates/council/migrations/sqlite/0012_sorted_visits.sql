-- Visits are sorted by where, who and outcome: what a list is sorted by stands in the index, since the visits themselves are long.
DROP INDEX visit_by_time;

CREATE INDEX visit_by_time ON visit (
    started_ms DESC, visit_id DESC, words, appointment_ref, organisation_id, outcome, entry, address, user_id
);
