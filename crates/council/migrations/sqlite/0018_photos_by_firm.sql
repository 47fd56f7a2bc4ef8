-- Each firm sends a picture itself: whoever only names its hash is shown nothing, and disturbs nobody who sends it. A
-- picture that was on its way is sent again from the start.
ALTER TABLE photo ADD COLUMN organisation_id BLOB REFERENCES organisation; -- whose record names it
UPDATE photo SET organisation_id = coalesce(
    (SELECT visit.organisation_id FROM visit WHERE visit.visit_id = photo.visit_id),
    (SELECT device.organisation_id FROM record JOIN device ON device.device_id = record.device_id
     WHERE record.visit_id = photo.visit_id ORDER BY record.received_ms LIMIT 1));

CREATE TABLE blob_of_firm (
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    organisation_id BLOB NOT NULL REFERENCES organisation,
    size INTEGER NOT NULL CHECK (size > 0),
    held INTEGER NOT NULL CHECK (held >= 0 AND held <= size),
    complete_ms INTEGER, -- null until all of it is here and was found to be what its name says
    PRIMARY KEY (sha256, organisation_id)
) STRICT, WITHOUT ROWID;
INSERT INTO blob_of_firm (sha256, organisation_id, size, held, complete_ms)
    SELECT DISTINCT blob.sha256, photo.organisation_id, blob.size, blob.size, blob.complete_ms
    FROM blob JOIN photo ON photo.sha256 = blob.sha256
    WHERE blob.complete_ms IS NOT NULL AND photo.organisation_id IS NOT NULL;
DROP TABLE blob_piece;
DROP TABLE blob;
ALTER TABLE blob_of_firm RENAME TO blob;

CREATE TABLE blob_piece ( -- until it is whole
    sha256 BLOB NOT NULL,
    organisation_id BLOB NOT NULL,
    at INTEGER NOT NULL CHECK (at >= 0),
    piece BLOB NOT NULL,
    PRIMARY KEY (sha256, organisation_id, at)
) STRICT;

-- A phone that was enrolled after the copy was made that the council was put back from: the council found it again by its
-- own signature on the phone's certificate.
ALTER TABLE device ADD COLUMN found_ms INTEGER;

-- Whether a record is a safeguarding note's: it is counted nowhere, also after its note was erased.
ALTER TABLE record ADD COLUMN of_note INTEGER NOT NULL DEFAULT 0;
UPDATE record SET of_note = 1 WHERE record_id IN (SELECT record_id FROM sealed_concern)
    OR EXISTS (SELECT 1 FROM chain WHERE chain.device_id = record.device_id AND chain.epoch = record.epoch AND chain.class = 2);
