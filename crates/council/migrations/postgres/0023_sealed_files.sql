-- A file of visits that a phone can't open any more, as it lies there. Nobody here can open it: whoever has the secret
-- half of the recovery key can.
CREATE TABLE salvage (
    device_id BYTEA NOT NULL REFERENCES device (device_id), -- the enrolment that the phone has now
    sha256 BYTEA NOT NULL,
    size BIGINT NOT NULL, -- bytes
    held BIGINT NOT NULL, -- how many of its first bytes came
    started_ms BIGINT NOT NULL,
    complete_ms BIGINT, -- when all of it was here
    taken_ms BIGINT, -- when somebody first took it to open it
    erased_ms BIGINT, -- its bytes are gone; its name stays, so that no phone sends it again
    PRIMARY KEY (device_id, sha256)
);

CREATE TABLE salvage_piece (
    device_id BYTEA NOT NULL,
    sha256 BYTEA NOT NULL,
    at BIGINT NOT NULL, -- where it starts in the file, in bytes
    piece BYTEA NOT NULL,
    PRIMARY KEY (device_id, sha256, at),
    FOREIGN KEY (device_id, sha256) REFERENCES salvage (device_id, sha256)
);
