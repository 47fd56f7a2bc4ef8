-- An enrolment is one person's, in one organisation, on one phone. Until now it was in the organisation that its
-- person is in today.
ALTER TABLE device ADD COLUMN phone_id BYTEA; -- the installation of the app; null for one that speaks version 1
ALTER TABLE device ADD COLUMN organisation_id BYTEA REFERENCES organisation;
ALTER TABLE device ADD COLUMN protocol BIGINT NOT NULL DEFAULT 1; -- the newest version that it has spoken
ALTER TABLE device ADD COLUMN two_phones_ms BIGINT; -- when its seals last showed two histories
UPDATE device SET organisation_id = (SELECT person.organisation_id FROM person WHERE person.user_id = device.user_id);

-- In version 2 a chain is a visit's, a note's or a register's, as the phone says.
ALTER TABLE chain ADD COLUMN class BIGINT;

-- Seals of version 2, whole. They are a chain of their own.
CREATE TABLE device_seal (
    device_id BYTEA NOT NULL REFERENCES device,
    epoch BYTEA NOT NULL, -- of the chain of seals
    number BIGINT NOT NULL,
    root BYTEA NOT NULL,
    received_ms BIGINT NOT NULL,
    seal BYTEA NOT NULL,
    PRIMARY KEY (device_id, epoch, number, root) -- two with one number are two phones
);

-- Receipts of version 2, as they were given: a record that comes again gets the same one.
CREATE TABLE receipt_batch (
    batch_id BYTEA PRIMARY KEY,
    device_id BYTEA NOT NULL REFERENCES device,
    root BYTEA NOT NULL -- signed
);

CREATE TABLE receipt (
    device_id BYTEA NOT NULL REFERENCES device,
    epoch BYTEA NOT NULL,
    sequence BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    batch_id BYTEA REFERENCES receipt_batch,
    place BIGINT,
    verdict BIGINT NOT NULL,
    reason TEXT,
    shown BYTEA, -- whole, where a phone showed it after a restore, and its batch is not held
    PRIMARY KEY (device_id, epoch, sequence, hash)
);

CREATE INDEX receipt_by_batch ON receipt (batch_id, place);

-- Versions of appointments as they were given to phones. The salt goes with the appointment.
CREATE TABLE appointment_version (
    version_hash BYTEA PRIMARY KEY,
    appointment_ref TEXT NOT NULL,
    salt BYTEA NOT NULL,
    appointment BYTEA NOT NULL
);

CREATE INDEX appointment_version_by_appointment ON appointment_version (appointment_ref);

-- How large a photo is, as its record says. Null for one that an earlier version listed.
ALTER TABLE photo ADD COLUMN size BIGINT;

-- Whose a concern or a signature is does not change when its person moves to another firm.
ALTER TABLE concern ADD COLUMN organisation_id BYTEA REFERENCES organisation;
UPDATE concern SET organisation_id = coalesce(
    (SELECT visit.organisation_id FROM visit WHERE visit.visit_id = concern.visit_id),
    (SELECT person.organisation_id FROM person WHERE person.user_id = concern.user_id));
ALTER TABLE acknowledgement ADD COLUMN organisation_id BYTEA REFERENCES organisation;
UPDATE acknowledgement SET organisation_id =
    (SELECT person.organisation_id FROM person WHERE person.user_id = acknowledgement.user_id);
