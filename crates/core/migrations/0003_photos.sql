CREATE TABLE photo ( -- pictures, encrypted like all else in here
    photo_id INTEGER PRIMARY KEY AUTOINCREMENT,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    visit_id BLOB NOT NULL CHECK (length(visit_id) = 16),
    size INTEGER NOT NULL CHECK (size > 0),
    held INTEGER NOT NULL CHECK (held >= 0), -- how many of its first bytes the council said it holds
    state TEXT NOT NULL CHECK (state IN ('waiting', 'complete', 'refused', 'erased')),
    reason TEXT, -- why it was refused
    file BLOB, -- last, so that a list does not read it
    UNIQUE (sha256, visit_id),
    CHECK ((state = 'refused') = (reason IS NOT NULL)),
    CHECK ((state = 'erased') = (file IS NULL))
) STRICT;

CREATE INDEX photo_waiting ON photo (photo_id) WHERE state = 'waiting';
