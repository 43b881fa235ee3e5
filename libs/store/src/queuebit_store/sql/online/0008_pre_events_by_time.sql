-- As the migration of this name makes it.

-- name: drop_what_was_left
-- Of a run that was interrupted, where one was: such an index answers nothing.
DROP INDEX CONCURRENTLY IF EXISTS event_by_time;

-- name: make
-- Writes go on while it is made.
CREATE INDEX CONCURRENTLY event_by_time ON event USING brin (time) WITH (pages_per_range = 32, autosummarize = on);
