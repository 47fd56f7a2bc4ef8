CREATE TABLE photo ( -- what records name; the record says the rest
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    visit_id BLOB NOT NULL CHECK (length(visit_id) = 16),
    struck INTEGER NOT NULL CHECK (struck IN (0, 1)), -- taken by mistake: nobody is shown it
    refused TEXT, -- why the last picture that came under its name was not taken, if it was not
    PRIMARY KEY (sha256, visit_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX photo_by_visit ON photo (visit_id);

CREATE TABLE blob ( -- how far a picture has come; when it is whole it is a file beside the database
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    size INTEGER NOT NULL CHECK (size > 0),
    held INTEGER NOT NULL CHECK (held >= 0 AND held <= size),
    complete_ms INTEGER -- null until all of it is here and was found to be what its name says
) STRICT, WITHOUT ROWID;

CREATE TABLE blob_piece ( -- until it is whole
    sha256 BLOB NOT NULL REFERENCES blob (sha256),
    at INTEGER NOT NULL CHECK (at >= 0),
    piece BLOB NOT NULL,
    PRIMARY KEY (sha256, at)
) STRICT;
