-- By which version of the folding a visit's row was made: an older one is folded anew.
ALTER TABLE visit ADD COLUMN fold_version INTEGER NOT NULL DEFAULT 1;

-- Rows from before there were words to search by, and columns for reports.
UPDATE visit SET fold_version = 0 WHERE words = '' OR day = '';
