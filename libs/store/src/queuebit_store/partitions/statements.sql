-- name: add_partition
-- Make a partition of the log, where none covers any of its time.
SELECT add_event_partition($1, $2, $3);

-- name: partitions
-- The partitions of the log, the oldest first.
SELECT name, greatest(since, 'epoch'), until FROM event_partition ORDER BY from_id;
