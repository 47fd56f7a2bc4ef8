-- A visit shows its appointment as its visitor was given it, whatever is imported later. Until now it showed the
-- appointment as it is today.
ALTER TABLE visit ADD COLUMN given TEXT; -- JSON; null where the council gave its visitor no such appointment
ALTER TABLE visit ADD COLUMN given_uprn TEXT;
ALTER TABLE visit ADD COLUMN home_given BIGINT NOT NULL DEFAULT 0; -- whether the home is the appointment's, or only the phone names it
UPDATE visit SET given = (
    SELECT appointment.appointment FROM feed JOIN appointment ON appointment.appointment_ref = feed.appointment_ref
    WHERE feed.user_id = visit.user_id AND feed.appointment_ref = visit.appointment_ref);
UPDATE visit SET
    given_uprn = (SELECT appointment.uprn FROM appointment WHERE appointment.appointment_ref = visit.appointment_ref),
    address = CASE WHEN uprn IS NULL OR uprn = (SELECT appointment.uprn FROM appointment WHERE appointment.appointment_ref = visit.appointment_ref)
        THEN (SELECT appointment.address FROM appointment WHERE appointment.appointment_ref = visit.appointment_ref) ELSE address END,
    words = words || ' ' || (SELECT appointment.words FROM appointment WHERE appointment.appointment_ref = visit.appointment_ref)
WHERE given IS NOT NULL;
UPDATE visit SET home_given = 1 WHERE given_uprn = uprn;

CREATE INDEX visit_by_given_property ON visit (given_uprn) WHERE given_uprn IS NOT NULL;

-- Which version of its appointment a visit's visitor was given, as the grant in its first record says.
CREATE TABLE visit_given (
    visit_id BYTEA PRIMARY KEY,
    version_hash BYTEA NOT NULL
);

-- What a supervisor decided about what a visit says.
CREATE TABLE visit_decision (
    visit_id BYTEA NOT NULL,
    about TEXT NOT NULL,
    decision TEXT NOT NULL,
    seen TEXT NOT NULL, -- what it was about: the home's UPRN, or which records had times in doubt
    at_ms BIGINT NOT NULL,
    user_name TEXT NOT NULL,
    because TEXT NOT NULL,
    PRIMARY KEY (visit_id, about)
);

-- The earliest moment at which a record can have been made: the contact with the council that it names, or the
-- enrolment. Null for records from before.
ALTER TABLE record ADD COLUMN earliest_ms BIGINT;
ALTER TABLE set_aside ADD COLUMN earliest_ms BIGINT;
