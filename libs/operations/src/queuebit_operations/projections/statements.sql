-- name: backlog
-- The open jobs by where they are: how many, since when the one that is there longest, and since when the oldest was submitted.
SELECT state, lane, tier, {by}count(*) AS jobs, min(since) AS longest_there, min(submitted_at) AS oldest
FROM projection_backlog WHERE ($1::text IS NULL OR tenant = $1) GROUP BY {groups} ORDER BY jobs DESC, {groups};

-- name: usage
-- What tenants used on the last days, the latest first.
SELECT day, tenant, jobs, executions, shots, cost, lane_s FROM projection_usage
WHERE ($1::text IS NULL OR tenant = $1) AND day > $2::date ORDER BY day DESC, tenant LIMIT $3;

-- name: job_list
-- Jobs by whatever they are asked for.
SELECT job_id, tenant, kind, tier, lane, state, labels, submitted_at, updated_at, ended_at, backend, method, verdict,
       proven_optimal, suspect, code, cost, wall_s
FROM projection_job_list
WHERE ($1::text IS NULL OR tenant = $1) AND ($2::text[] IS NULL OR state = ANY ($2)) AND ($3::text IS NULL OR kind = $3)
  AND ($4::text IS NULL OR lane = $4) AND ($5::text IS NULL OR backend = $5) AND ($6::text IS NULL OR code = $6)
  AND ($7::jsonb IS NULL OR labels @> $7) AND submitted_at >= COALESCE($8::timestamptz, '-infinity')
  AND submitted_at < COALESCE($9::timestamptz, 'infinity')
ORDER BY {order} LIMIT $10;

-- name: size_of_build
-- How many rows the table of a build has, about, and how many bytes with its indexes.
SELECT greatest(reltuples, 0)::bigint AS rows, pg_total_relation_size(oid) AS bytes FROM pg_class WHERE oid = to_regclass($1::text);

-- name: events_about
-- How many events there are to read, about.
SELECT COALESCE(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class
WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'event'::regclass);

-- name: events_of_range
-- What projections read of events, in the order of their streams after a place: up to the first with which the data are more
-- than so many bytes. Where a payload lies apart it is put back only into data of another version than the one that is named.
SELECT epoch, xid, seq, stream_id, version, type, schema_version, data, time, tenant, bytes
FROM (
    SELECT page.*, sum(octet_length(page.data)) OVER in_order AS bytes
    FROM (
        SELECT epoch, xid, seq, stream_id, version, type, schema_version,
               CASE WHEN payload_hash IS NULL OR schema_version = ($5::integer[])[array_position($4::text[], type)]
                    THEN data::text ELSE event_data(stream_id, data, payload_at, payload_hash) END AS data, time, tenant
        FROM event
        WHERE (stream_id, version) > ($1::uuid, $2::integer) AND category = ANY ($3::text[]) AND type = ANY ($4::text[])
        ORDER BY stream_id, version LIMIT $6
    ) AS page
    WINDOW in_order AS (ORDER BY page.stream_id, page.version)
) AS cut
WHERE bytes - octet_length(data) <= $7::bigint ORDER BY stream_id, version;

-- name: rows_of_range
-- The rows of a build of a range of jobs.
SELECT {columns} FROM {table} WHERE {key} > $1::uuid AND {key} <= $2::uuid;

-- name: rows_of_build
-- All rows of a build.
SELECT {columns} FROM {table};

-- name: cursor_of_build
-- How far it is.
SELECT epoch, xid, seq FROM cursor WHERE name = $1;

-- name: any_archived
-- Whether part of the log lies in files.
SELECT EXISTS (SELECT FROM archive WHERE state IN ('detached', 'archived'));
