-- name: fill
-- Jobs of seven events each, spread over four hundred days; all have ended but one in a thousand.
WITH jobs AS MATERIALIZED (
    SELECT n, at, (substr(stream_bound(at)::text, 1, 13) || '-7' || lpad(to_hex(n % 4096), 3, '0') || '-8'
                   || lpad(to_hex(n % 4096), 3, '0') || '-' || lpad(to_hex(n), 12, '0'))::uuid AS stream_id,
           CASE WHEN n % 5 = 0 THEN 'acme' ELSE 'bolt' END AS tenant
    FROM generate_series($1::bigint, $2::bigint) AS n
    CROSS JOIN LATERAL (
        SELECT $3::timestamptz + abs(hashint8(n)) % 400 * interval '1 day' + n * interval '1 ms'
    ) AS moment (at)
), heads AS (
    INSERT INTO stream (stream_id, category, tenant, version, state, attributes, wake_at, created_at, updated_at)
    SELECT stream_id, 'job', tenant, 7, CASE WHEN n % 1000 = 0 THEN 'queued' ELSE 'completed' END,
           '{"kind": "maxcut", "tier": "batch", "lane": "classical", "fingerprint": "f00d"}',
           CASE WHEN n % 1000 = 0 THEN at END, at, at
    FROM jobs
)
INSERT INTO event (epoch, stream_id, version, schema_version, event_id, time, category, tenant, type, data)
SELECT 1, stream_id, version, 1, gen_random_uuid(), at, 'job', tenant, 'JobPlanned', json_build_object('x', repeat('y', 500))
FROM jobs CROSS JOIN generate_series(1, 7) AS version;

-- name: some_streams
-- Streams over all months.
SELECT stream_id FROM stream TABLESAMPLE BERNOULLI (10) ORDER BY random() LIMIT 20000;

-- name: make_filled
-- How many jobs there are already: kept with them, so that who was stopped goes on.
CREATE TABLE IF NOT EXISTS filled (jobs bigint NOT NULL);

-- name: filled
-- How many that is.
SELECT COALESCE(max(jobs), 0) FROM filled;

-- name: note_filled
-- So many now.
INSERT INTO filled (jobs) VALUES ($1);
