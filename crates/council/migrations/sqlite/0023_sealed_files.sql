-- A file of visits that a phone can't open any more, as it lies there. Nobody here can open it: whoever has the secret
-- half of the recovery key can.
CREATE TABLE salvage (
    device_id BLOB NOT NULL REFERENCES device (device_id), -- the enrolment that the phone has now
    sha256 BLOB NOT NULL,
    size INTEGER NOT NULL, -- bytes
    held INTEGER NOT NULL, -- how many of its first bytes came
    started_ms INTEGER NOT NULL,
    complete_ms INTEGER, -- when all of it was here
    taken_ms INTEGER, -- when somebody first took it to open it
    erased_ms INTEGER, -- its bytes are gone; its name stays, so that no phone sends it again
    PRIMARY KEY (device_id, sha256)
) STRICT, WITHOUT ROWID;

CREATE TABLE salvage_piece (
    device_id BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    at INTEGER NOT NULL, -- where it starts in the file, in bytes
    piece BLOB NOT NULL,
    PRIMARY KEY (device_id, sha256, at),
    FOREIGN KEY (device_id, sha256) REFERENCES salvage (device_id, sha256)
) STRICT;
