-- An enrolment is one person's, in one organisation, on one phone. Until now it was in the organisation that its
-- person is in today.
ALTER TABLE device ADD COLUMN phone_id BLOB; -- the installation of the app; null for one that speaks version 1
ALTER TABLE device ADD COLUMN organisation_id BLOB REFERENCES organisation;
ALTER TABLE device ADD COLUMN protocol INTEGER NOT NULL DEFAULT 1; -- the newest version that it has spoken
ALTER TABLE device ADD COLUMN two_phones_ms INTEGER; -- when its seals last showed two histories
UPDATE device SET organisation_id = (SELECT person.organisation_id FROM person WHERE person.user_id = device.user_id);

-- In version 2 a chain is a visit's, a note's or a register's, as the phone says.
ALTER TABLE chain ADD COLUMN class INTEGER;

-- Seals of version 2, whole. They are a chain of their own.
CREATE TABLE device_seal (
    device_id BLOB NOT NULL REFERENCES device,
    epoch BLOB NOT NULL, -- of the chain of seals
    number INTEGER NOT NULL,
    root BLOB NOT NULL,
    received_ms INTEGER NOT NULL,
    seal BLOB NOT NULL,
    PRIMARY KEY (device_id, epoch, number, root) -- two with one number are two phones
) STRICT, WITHOUT ROWID;

-- Receipts of version 2, as they were given: a record that comes again gets the same one.
CREATE TABLE receipt_batch (
    batch_id BLOB PRIMARY KEY,
    device_id BLOB NOT NULL REFERENCES device,
    root BLOB NOT NULL -- signed
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
    device_id BLOB NOT NULL REFERENCES device,
    epoch BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    hash BLOB NOT NULL,
    batch_id BLOB REFERENCES receipt_batch,
    place INTEGER,
    verdict INTEGER NOT NULL,
    reason TEXT,
    shown BLOB, -- whole, where a phone showed it after a restore, and its batch is not held
    PRIMARY KEY (device_id, epoch, sequence, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX receipt_by_batch ON receipt (batch_id, place);

-- Versions of appointments as they were given to phones. The salt goes with the appointment.
CREATE TABLE appointment_version (
    version_hash BLOB PRIMARY KEY,
    appointment_ref TEXT NOT NULL,
    salt BLOB NOT NULL,
    appointment BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX appointment_version_by_appointment ON appointment_version (appointment_ref);

-- How large a photo is, as its record says. Null for one that an earlier version listed.
ALTER TABLE photo ADD COLUMN size INTEGER;

-- Whose a concern or a signature is does not change when its person moves to another firm.
ALTER TABLE concern ADD COLUMN organisation_id BLOB REFERENCES organisation;
UPDATE concern SET organisation_id = coalesce(
    (SELECT visit.organisation_id FROM visit WHERE visit.visit_id = concern.visit_id),
    (SELECT person.organisation_id FROM person WHERE person.user_id = concern.user_id));
ALTER TABLE acknowledgement ADD COLUMN organisation_id BLOB REFERENCES organisation;
UPDATE acknowledgement SET organisation_id =
    (SELECT person.organisation_id FROM person WHERE person.user_id = acknowledgement.user_id);
