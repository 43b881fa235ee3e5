-- name: append
-- Compare-and-set every stream of a batch and store the events of those that passed; gives the ids of those that passed.
-- The streams come sorted by id, so that concurrent batches lock in the same order; the events come in batch order, and
-- the final ORDER BY is what gives their sequence numbers that order. The CASE keeps the membership test a hashed subplan:
-- as a join it would be a nested loop. The IS TRUE keeps the walk on the primary key: for the planner the index by tenant
-- looks as good, and it is not.
-- A column of texts travels as one text, its values parted by $25, which none of them holds, and a column of one and the same value as
-- that value alone: the driver looks at every element of an array several times. Such a column is one row long, unnest fills
-- it up with NULL, and COALESCE with the value. What may be NULL and is filled with nothing else is empty where it always is.
-- Each unnest stands in a SELECT list, because in FROM it would copy its column into a store of its own first.
WITH /* charged */ given AS (
    SELECT stream_id, COALESCE(tenant, $2) AS tenant, COALESCE(category, $3) AS category,
           COALESCE(expected_version, $4[1]) AS expected_version, COALESCE(version, $5[1]) AS version,
           COALESCE(state, $6) AS state, wake_at, COALESCE(attributes, $8)::jsonb AS attributes, rival_id,
           COALESCE(first_at, $10[1]) AS first_at, COALESCE(last_at, $11[1]) AS last_at
    FROM (
        SELECT unnest($1::uuid[]) AS stream_id, unnest(string_to_array($2::text, $25)) AS tenant,
               unnest(string_to_array($3::text, $25)) AS category, unnest($4::integer[]) AS expected_version,
               unnest($5::integer[]) AS version, unnest(string_to_array($6::text, $25)) AS state,
               unnest($7::timestamptz[]) AS wake_at, unnest(string_to_array($8::text, $25)) AS attributes,
               unnest($9::uuid[]) AS rival_id, unnest($10::timestamptz[]) AS first_at, unnest($11::timestamptz[]) AS last_at
    ) AS g /* affordable */
), updated AS (
    UPDATE stream AS s
    SET version = g.version, state = g.state, wake_at = g.wake_at, attributes = g.attributes, updated_at = g.last_at
    FROM given AS g
    WHERE s.stream_id = g.stream_id AND s.version = g.expected_version
      AND (s.tenant = g.tenant AND s.category = g.category) IS TRUE
    RETURNING s.stream_id
), created AS (
    INSERT INTO stream (stream_id, tenant, category, version, state, wake_at, attributes, created_at, updated_at)
    SELECT stream_id, tenant, category, version, state, wake_at, attributes, first_at, last_at
    FROM given AS g
    WHERE expected_version = 0 AND (SELECT r.version FROM stream AS r WHERE r.stream_id = g.rival_id) IS NULL
    ON CONFLICT (stream_id) DO NOTHING
    RETURNING stream_id
), passed AS (
    SELECT stream_id FROM updated UNION ALL SELECT stream_id FROM created
), written AS (
    INSERT INTO event (
        epoch, stream_id, version, schema_version, event_id, causation_id, time, category, tenant, type, traceparent, data,
        payload_at, payload_hash
    )
    SELECT (SELECT epoch FROM era), e.stream_id, e.version, COALESCE(e.schema_version, $14[1]), e.event_id, e.causation_id,
           COALESCE(e.time, $17[1]), COALESCE(e.category, $18), COALESCE(e.tenant, $19), COALESCE(e.type, $20),
           NULLIF(COALESCE(e.traceparent, $21), ''), COALESCE(e.data, $22)::json, e.payload_at, e.payload_hash
    FROM (
        SELECT generate_subscripts($12::uuid[], 1) AS nth, unnest($12::uuid[]) AS stream_id, unnest($13::integer[]) AS version,
               unnest($14::smallint[]) AS schema_version, unnest($15::uuid[]) AS event_id, unnest($16::uuid[]) AS causation_id,
               unnest($17::timestamptz[]) AS time, unnest(string_to_array($18::text, $25)) AS category,
               unnest(string_to_array($19::text, $25)) AS tenant, unnest(string_to_array($20::text, $25)) AS type,
               unnest(string_to_array($21::text, $25)) AS traceparent, unnest(string_to_array($22::text, $25)) AS data,
               unnest($23::integer[]) AS payload_at, unnest($24::bytea[]) AS payload_hash
    ) AS e
    WHERE CASE WHEN e.stream_id IN (SELECT stream_id FROM passed) THEN true ELSE false END
    ORDER BY e.nth
) /* booked */
SELECT stream_id FROM passed;

-- name: load
-- All events of many streams, each stream's together and in version order.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version, data, time, tenant, causation_id, traceparent,
       payload_at, payload_hash
FROM event WHERE stream_id = ANY ($1::uuid[]) ORDER BY stream_id, version;

-- name: stories
-- What a fold reads of all events of many streams, each stream's together and in version order. They are whole.
SELECT stream_id, version, type, schema_version,
       CASE WHEN payload_hash IS NULL THEN data::text ELSE event_data(stream_id, data, payload_at, payload_hash) END, time
FROM event WHERE stream_id = ANY ($1::uuid[]) ORDER BY stream_id, version;

-- name: bytes_of
-- How many bytes the data of streams have, their payloads put back. The length of a value is read without the value itself.
SELECT e.stream_id, sum(octet_length(e.data::text) + COALESCE(apart.bytes, 0))::bigint
FROM event AS e LEFT JOIN LATERAL (
    SELECT sum(octet_length(p.data)) AS bytes FROM payload AS p WHERE p.stream_id = e.stream_id AND p.hash = e.payload_hash
) AS apart ON e.payload_hash IS NOT NULL
WHERE e.stream_id = ANY ($1::uuid[]) GROUP BY e.stream_id;

-- name: events_of
-- The events of one stream after a version.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version, data, time, tenant, causation_id, traceparent,
       payload_at, payload_hash
FROM event WHERE stream_id = $1 AND version > $2 ORDER BY version LIMIT $3;

-- name: read
-- The events of some categories after a position, in order, below the horizon: no transaction that is still open can precede
-- them. One walk a category, merged.
SELECT page.* FROM unnest($1::text[]) AS wanted (category) CROSS JOIN LATERAL (
    SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version, data, time, tenant, causation_id, traceparent,
           payload_at, payload_hash
    FROM event AS e
    WHERE e.category = wanted.category AND (epoch, xid, seq) > ($2::smallint, $3::xid8, $4::bigint)
      AND (epoch, xid) < ((SELECT epoch FROM era), pg_snapshot_xmin(pg_current_snapshot()))
    ORDER BY epoch, xid, seq LIMIT $5
) AS page
ORDER BY page.epoch, page.xid, page.seq LIMIT $5;

-- name: log_end
-- The place of the last event of each category below the horizon: the end of one walk a category.
SELECT last.* FROM unnest($1::text[]) AS wanted (category) CROSS JOIN LATERAL (
    SELECT epoch, xid, seq FROM event AS e
    WHERE e.category = wanted.category AND (epoch, xid) < ((SELECT epoch FROM era), pg_snapshot_xmin(pg_current_snapshot()))
    ORDER BY category DESC, epoch DESC, xid DESC, seq DESC LIMIT 1
) AS last
ORDER BY last.epoch DESC, last.xid DESC, last.seq DESC LIMIT 1;

-- name: read_tenant
-- One tenant's events of the next stretch of the log, read as `read` does. The last row of the stretch comes in any case, without
-- what it says where it is another's: it tells how far the stretch goes.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version, CASE WHEN tenant = $6 THEN data END AS data, time,
       tenant, causation_id, traceparent, payload_at, payload_hash, looked_at
FROM (
    SELECT page.*, row_number() OVER (ORDER BY page.epoch, page.xid, page.seq) AS nth, count(*) OVER () AS looked_at
    FROM (
        SELECT page.* FROM unnest($1::text[]) AS wanted (category) CROSS JOIN LATERAL (
            SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version, data, time, tenant, causation_id,
                   traceparent, payload_at, payload_hash
            FROM event AS e
            WHERE e.category = wanted.category AND (epoch, xid, seq) > ($2::smallint, $3::xid8, $4::bigint)
              AND (epoch, xid) < ((SELECT epoch FROM era), pg_snapshot_xmin(pg_current_snapshot()))
            ORDER BY epoch, xid, seq LIMIT $5
        ) AS page
        ORDER BY page.epoch, page.xid, page.seq LIMIT $5
    ) AS page
) AS stretch
WHERE tenant = $6 OR nth = looked_at
ORDER BY nth;

-- name: archived_after
-- Whether a month that ended after a moment lies in files.
SELECT EXISTS (SELECT FROM archive WHERE state IN ('detached', 'archived') AND until > $1) AS gone;

-- name: kept_payloads
-- Which of these payloads are stored already: their last piece is.
SELECT p.stream_id, p.hash FROM payload AS p
JOIN unnest($1::uuid[], $2::bytea[], $3::integer[]) AS wanted (stream_id, hash, part) USING (stream_id, hash, part);

-- name: keep_payload
-- Store one piece of a payload. It need not be on the disk before the event that names it is, and that takes all before along.
INSERT INTO payload (stream_id, hash, part, data)
SELECT $1::uuid, $2::bytea, $3::integer, $4::bytea FROM set_config('synchronous_commit', 'off', true)
ON CONFLICT (stream_id, hash, part) DO NOTHING;

-- name: payloads
-- Payloads by stream and hash, each with its pieces in order.
SELECT p.stream_id, p.hash, p.data FROM unnest($1::uuid[], $2::bytea[]) AS wanted (stream_id, hash)
JOIN payload AS p ON p.stream_id = wanted.stream_id AND p.hash = wanted.hash ORDER BY p.stream_id, p.hash, p.part;

-- name: load_cursor
-- Where an ordered reader stands.
SELECT epoch, xid, seq FROM cursor WHERE name = $1;

-- name: save_cursor
-- Remember where an ordered reader stands.
INSERT INTO cursor (name, epoch, xid, seq) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE
SET epoch = excluded.epoch, xid = excluded.xid, seq = excluded.seq, saved_at = excluded.saved_at;

-- name: save_led_cursor
-- Remember where an ordered reader stands while its lease stands, and keep the lease; no row where somebody else has taken it.
-- The update locks the lease until the commit, so that nobody takes it in between; nor can it find a token that has passed on.
WITH led AS (
    UPDATE lease SET expires_at = clock_timestamp() + $8::interval WHERE name = $5 AND holder = $6 AND token = $7
    RETURNING name
)
INSERT INTO cursor (name, epoch, xid, seq) SELECT $1, $2::smallint, $3::xid8, $4::bigint FROM led
ON CONFLICT (name) DO UPDATE
SET epoch = excluded.epoch, xid = excluded.xid, seq = excluded.seq, saved_at = excluded.saved_at
RETURNING name;
