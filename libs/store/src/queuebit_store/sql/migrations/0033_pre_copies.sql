-- Of which table the row of the era is: in a copy that came back from a dump it is another one, whatever transaction ids are given
-- out there. Code that runs already knows nothing of it and goes on as before.

ALTER TABLE era ADD COLUMN born_in oid;
COMMENT ON COLUMN era.born_in IS 'The table in which the epoch began; another one than this where all came back from a dump.';
UPDATE era SET born_in = tableoid;
ALTER TABLE era ALTER COLUMN born_in SET NOT NULL;
