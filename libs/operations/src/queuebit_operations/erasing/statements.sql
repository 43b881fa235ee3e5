-- name: tables
-- Every table of the schema, partitioned ones once.
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname;

-- name: looked_through
-- How many rows a table has, and how many of them hold one of the texts, in whatever column.
SELECT count(*), count(*) FILTER (WHERE row_text LIKE ANY ($1::text[])) FROM (SELECT t::text AS row_text FROM {table} AS t) AS rows;

-- name: events_of_jobs
-- What the events of these jobs say.
SELECT stream_id, version, type, event_data(stream_id, data, payload_at, payload_hash) FROM event
WHERE stream_id = ANY ($1::uuid[]) ORDER BY stream_id, version;

-- name: made_from
-- These jobs, and those of the tenant that operators made from them, and from those: first events name what a job was made from.
WITH RECURSIVE made AS MATERIALIZED (
    SELECT stream_id, (data -> 'parent' ->> 'job_id')::uuid AS parent FROM event
    WHERE version = 1 AND tenant = $2 AND data -> 'parent' ->> 'job_id' IS NOT NULL
), line AS (
    SELECT unnest($1::uuid[]) AS stream_id
    UNION SELECT made.stream_id FROM made JOIN line ON made.parent = line.stream_id
)
SELECT stream_id FROM line ORDER BY stream_id;
