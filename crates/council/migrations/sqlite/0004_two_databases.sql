-- What both databases can do: numbers of the feed by person, so that no two transactions wait for one counter; how somebody
-- went in, the address and the words to search by as columns of their own.

CREATE TABLE feed_end ( -- the last number that was given to a change of a person's
    user_id BLOB PRIMARY KEY REFERENCES person (user_id),
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO feed_end (user_id, version) SELECT user_id, (SELECT max(version) FROM feed) FROM feed GROUP BY user_id;

CREATE TABLE feed_by_person (
    user_id BLOB NOT NULL REFERENCES person (user_id),
    appointment_ref TEXT NOT NULL,
    version INTEGER NOT NULL, -- a device's cursor
    withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
    PRIMARY KEY (user_id, appointment_ref)
) STRICT, WITHOUT ROWID;

INSERT INTO feed_by_person (user_id, appointment_ref, version, withdrawn)
SELECT user_id, appointment_ref, version, withdrawn FROM feed;

DROP TABLE feed;

ALTER TABLE feed_by_person RENAME TO feed;

CREATE INDEX feed_by_version ON feed (user_id, version);

ALTER TABLE appointment ADD COLUMN words TEXT NOT NULL DEFAULT ''; -- to search by, in small letters

ALTER TABLE visit ADD COLUMN words TEXT NOT NULL DEFAULT ''; -- to search by, in small letters

ALTER TABLE visit ADD COLUMN address TEXT; -- where there is no appointment to hold it

ALTER TABLE visit ADD COLUMN entry TEXT CHECK (entry IN ('consent', 'lawful')); -- null where nobody went in

UPDATE visit SET address = folded ->> '$.address',
    entry = CASE WHEN folded ->> '$.entry' IS NULL THEN NULL
                 WHEN folded ->> '$.entry.basis.lawful' IS NULL THEN 'consent' ELSE 'lawful' END;

CREATE INDEX visit_by_organisation ON visit (organisation_id, started_ms DESC, visit_id DESC);

CREATE INDEX visit_by_outcome ON visit (outcome, started_ms DESC, visit_id DESC);

CREATE INDEX visit_by_entry ON visit (entry, started_ms DESC, visit_id DESC) WHERE entry IS NOT NULL;

CREATE INDEX concern_by_kind ON concern (kind, noticed_ms DESC, record_id DESC);
