-- What was erased leaves the phones too, and what is in a backup that restores may.
ALTER TABLE feed_end ADD COLUMN floor INTEGER NOT NULL DEFAULT 0; -- a phone whose cursor is below this is given all appointments anew

CREATE TABLE backup_made (
    backup_id TEXT PRIMARY KEY, -- random; only who opens the backup can read it there
    council_epoch TEXT NOT NULL,
    made_ms INTEGER NOT NULL, -- it holds the tables as they were then
    verified_ms INTEGER -- when a drill had restored it and found it whole
) STRICT, WITHOUT ROWID;

ALTER TABLE blob ADD COLUMN lost_ms INTEGER; -- when the council found that the file of a whole photo is gone; null once it is back

CREATE INDEX blob_lost ON blob (lost_ms) WHERE lost_ms IS NOT NULL;
