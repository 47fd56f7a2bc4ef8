-- A tap must not take longer on a phone that has seen ten thousand visits: what is counted by it is counted by an index.
CREATE INDEX record_reissued ON record (epoch) WHERE state = 'reissued';

-- A correction names a record. One that was issued again keeps its id, so it may be there twice.
CREATE INDEX record_by_id ON record (record_id);
