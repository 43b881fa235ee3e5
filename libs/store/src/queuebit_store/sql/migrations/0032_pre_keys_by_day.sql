-- The key of a subject is that of a day, from which those of later days are made: moved on, it opens nothing of before. Keys that
-- are here already opened everything until now. Code that runs already adds keys without a day, and goes on as before.

ALTER TABLE subject_key ADD COLUMN since date NOT NULL DEFAULT CURRENT_DATE;
CREATE INDEX subject_key_by_day ON subject_key (since, key_id) WHERE destroyed_at IS NULL;
COMMENT ON COLUMN subject_key.since IS 'The day of the key: what was sealed before it is erased.';
