-- Version 2: a chain for each visit, each note and each register of an enrolment. The records are in the same table as
-- those of version 1, with the name of their chain in place of the epoch.
CREATE TABLE visit_chain (
    chain BLOB PRIMARY KEY CHECK (length(chain) = 16),
    enrolment BLOB NOT NULL CHECK (length(enrolment) = 16),
    person BLOB NOT NULL CHECK (length(person) = 16), -- the enrolment's: no envelope names who acted
    class INTEGER NOT NULL, -- 1 a visit's, 2 a note's, 3 a register's
    visit_id BLOB NOT NULL CHECK (length(visit_id) = 16), -- the visit on this phone
    said_visit_id BLOB NOT NULL CHECK (length(said_visit_id) = 16), -- the visit that its envelopes give: a note's is random
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    continues BLOB, -- the record of another chain that it goes on from
    appointment_grant BLOB, -- the council's word that it gave the visit's appointment, as it was when the visit began
    sealed INTEGER NOT NULL DEFAULT 0, -- the last record that a seal covers which the council holds
    began INTEGER NOT NULL, -- as which chain of all: 1, 2, 3 ...
    is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)) -- whether records of its visit are added here
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX visit_chain_open ON visit_chain (visit_id, class) WHERE is_open = 1 AND class <> 2;

CREATE INDEX visit_chain_by_visit ON visit_chain (visit_id);

CREATE INDEX visit_chain_by_age ON visit_chain (began);

CREATE INDEX visit_chain_unsealed ON visit_chain (chain) WHERE sealed < sequence;

CREATE TABLE chain_seal ( -- of version 2: a chain of their own
    epoch BLOB NOT NULL CHECK (length(epoch) = 16),
    number INTEGER NOT NULL CHECK (number > 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    seal BLOB NOT NULL, -- written before it is sent, and never made again
    waits INTEGER NOT NULL CHECK (waits IN (0, 1)), -- until the council holds it, or its chain is given up
    PRIMARY KEY (epoch, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX chain_seal_waiting ON chain_seal (epoch, number) WHERE waits = 1;

ALTER TABLE record ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE record ADD COLUMN receipt_place INTEGER; -- in version 2, where many receipts share one signature
ALTER TABLE record ADD COLUMN receipt_verdict INTEGER; -- as it was given
ALTER TABLE record ADD COLUMN receipt_reason TEXT;
ALTER TABLE record ADD COLUMN sent_whole INTEGER NOT NULL DEFAULT 0 CHECK (sent_whole IN (0, 1)); -- the council could not make it again from a run

ALTER TABLE receipt ADD COLUMN form INTEGER NOT NULL DEFAULT 1; -- 1 an answer of version 1, 2 the signed root of many receipts, 3 one receipt

ALTER TABLE appointment ADD COLUMN appointment_grant BLOB; -- the council's word that it gave it to this enrolment

CREATE INDEX record_by_receipt ON record (receipt_id, receipt_place) WHERE receipt_place IS NOT NULL;

CREATE INDEX record_of_version_1 ON record (epoch, sequence) WHERE version = 1;
