-- What was set aside can be looked at, judged again, released or put to rest.
ALTER TABLE set_aside ADD COLUMN record_id BYTEA; -- this and the next: null where the envelope can't be read
ALTER TABLE set_aside ADD COLUMN visit_id BYTEA;
ALTER TABLE set_aside ADD COLUMN of_note BIGINT; -- 1 where only the leads may know of it; null until somebody looked
ALTER TABLE set_aside ADD COLUMN decided TEXT; -- 'released' or 'at_rest'
ALTER TABLE set_aside ADD COLUMN decided_ms BIGINT;
ALTER TABLE set_aside ADD COLUMN decided_by TEXT;
ALTER TABLE set_aside ADD COLUMN because TEXT;

CREATE INDEX set_aside_by_visit ON set_aside (visit_id);

CREATE INDEX set_aside_by_record ON set_aside (record_id);

-- What a phone says, or leaves open, that a person has put to rest. What comes later shows again.
CREATE TABLE at_rest (
    device_id BYTEA NOT NULL REFERENCES device,
    matter TEXT NOT NULL,
    epoch BYTEA NOT NULL, -- the chain that it is about; of length 0 where it is about the phone
    up_to BIGINT NOT NULL, -- the last record, or the time in UTC milliseconds
    at_ms BIGINT NOT NULL,
    user_name TEXT NOT NULL,
    because TEXT NOT NULL,
    PRIMARY KEY (device_id, matter, epoch)
);

-- Receipts that were given when a person released what had been set aside.
CREATE TABLE later_receipt (
    device_id BYTEA NOT NULL REFERENCES device,
    epoch BYTEA NOT NULL,
    sequence BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    receipt BYTEA NOT NULL,
    PRIMARY KEY (device_id, epoch, sequence, hash)
);

-- A phone that was lost, or whose person left, is revoked: what it sends stands apart. One whose person moved to
-- another firm has ended as well, and what it sends is the first firm's. Until now both were alike.
ALTER TABLE device ADD COLUMN apart BIGINT NOT NULL DEFAULT 0;
UPDATE device SET apart = 1 WHERE revoked_ms IS NOT NULL AND organisation_id = (
    SELECT person.organisation_id FROM person WHERE person.user_id = device.user_id);

-- A case that a record opened which was set aside: nobody has confirmed yet who said it.
ALTER TABLE case_file ADD COLUMN unconfirmed BIGINT NOT NULL DEFAULT 0;

-- A photo that only records name which were set aside. It is kept, and shown with nothing.
ALTER TABLE photo ADD COLUMN aside BIGINT NOT NULL DEFAULT 0;

-- A phone begins 200 chains a day at most. Those beyond are taken, and marked with the time. A chain that shows a
-- grant or a receipt of the council's, or goes on from one that is held, is not counted.
ALTER TABLE chain ADD COLUMN counted BIGINT NOT NULL DEFAULT 1;
ALTER TABLE chain ADD COLUMN many_ms BIGINT;

-- What the last check of the records found: how many that no seal covers, and were received more than a day before,
-- and when the last of them was received. Those of notes are not among them.
ALTER TABLE device ADD COLUMN unsealed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN unsealed_ms BIGINT;
