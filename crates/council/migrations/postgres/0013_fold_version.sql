-- By which version of the folding a visit's row was made: an older one is folded anew.
ALTER TABLE visit ADD COLUMN fold_version BIGINT NOT NULL DEFAULT 1;
