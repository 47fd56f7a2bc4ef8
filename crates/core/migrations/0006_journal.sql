-- Pictures apart from what is said of them: a piece that was sent must not write the whole picture anew.
CREATE TABLE photo_file (
    photo_id INTEGER PRIMARY KEY,
    file BLOB NOT NULL
) STRICT;

INSERT INTO photo_file (photo_id, file) SELECT photo_id, file FROM photo WHERE file IS NOT NULL;

CREATE TABLE photo_without_file (
    photo_id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    visit_id BLOB NOT NULL CHECK (length(visit_id) = 16),
    size INTEGER NOT NULL CHECK (size > 0),
    held INTEGER NOT NULL CHECK (held >= 0), -- how many of its first bytes the council said it holds
    state TEXT NOT NULL CHECK (state IN ('waiting', 'complete', 'refused', 'erased')),
    reason TEXT, -- why it was refused
    UNIQUE (sha256, visit_id),
    CHECK ((state = 'refused') = (reason IS NOT NULL))
) STRICT;

INSERT INTO photo_without_file (photo_id, sha256, visit_id, size, held, state, reason)
    SELECT photo_id, sha256, visit_id, size, held, state, reason FROM photo;

DROP TABLE photo;

ALTER TABLE photo_without_file RENAME TO photo;

CREATE INDEX photo_waiting ON photo (photo_id) WHERE state = 'waiting';

CREATE TABLE written ( -- how many transactions there were with something for the journal
    only INTEGER PRIMARY KEY CHECK (only = 1),
    number INTEGER NOT NULL CHECK (number >= 0)
) STRICT;

INSERT INTO written (only, number) VALUES (1, 0);

-- What a receipt is for is looked up by it, whether it came alone or with others.
DROP INDEX record_by_receipt;

CREATE INDEX record_by_receipt ON record (receipt_id, receipt_place) WHERE receipt_id IS NOT NULL;
