-- As the migration of this name makes it.

-- name: drop_what_was_left
-- Of a run that was interrupted, where one was: such an index answers nothing.
DROP INDEX CONCURRENTLY IF EXISTS stream_rare;

-- name: make
-- Writes go on while it is made.
CREATE INDEX CONCURRENTLY stream_rare ON stream (category, stream_id) WHERE category <> 'job';
