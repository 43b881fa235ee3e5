-- What only older code wrote and read: the columns of a job on every head, and an environment that nobody ever set.

DROP TRIGGER stream_attributes ON stream;
DROP FUNCTION stream_attributes();
ALTER TABLE stream DROP COLUMN kind, DROP COLUMN tier, DROP COLUMN lane, DROP COLUMN fingerprint, DROP COLUMN environment;
ALTER TABLE event DROP COLUMN environment;
DELETE FROM cursor WHERE name = 'relay';
