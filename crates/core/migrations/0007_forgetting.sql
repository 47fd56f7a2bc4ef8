-- What the council has, and has in a backup that restores, leaves the phone. Of a record its place, its hash and its
-- receipt stay: others share the receipt, and seals are over the hash.
ALTER TABLE record ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1));

ALTER TABLE photo ADD COLUMN complete_ms INTEGER; -- the council's clock at the first contact after it had the whole photo

CREATE TABLE finished_appointment ( -- of visits that left: the council may give them again
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32), -- of the reference
    window_start_ms INTEGER NOT NULL -- one that was moved to a later time is another visit
) STRICT, WITHOUT ROWID;

CREATE INDEX photo_by_visit ON photo (visit_id);

CREATE INDEX photo_new_there ON photo (photo_id) WHERE state = 'complete' AND complete_ms IS NULL;

CREATE INDEX record_brought_back ON record (local_id) WHERE forgotten = 1 AND length(envelope) > 0;
