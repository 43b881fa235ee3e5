-- name: append
-- Compare-and-set every stream of a batch and store the events of those that passed; gives the ids of those that passed.
-- The streams come sorted by id, so that concurrent batches lock in the same order; the events come in batch order, and
-- the final ORDER BY is what gives their sequence numbers that order. The CASE keeps the membership test a hashed subplan:
-- as a join it would be a nested loop of every event over every stream. The IS TRUE keeps the walk on the primary key: for
-- the planner the index by tenant looks as good, and it is not.
-- A column of texts travels as one text, its values parted by the unit separator, and a column of one and the same value as
-- that value alone: the driver looks at every element of an array several times. Such a column is one row long, unnest fills
-- it up with NULL, and COALESCE with the value. (wake_at, rival_id, causation_id and what is said of a payload may be NULL and are filled with nothing else.)
-- Each unnest stands in a SELECT list, because in FROM it would copy its column into a store of its own first.
WITH given AS (
    SELECT stream_id, COALESCE(tenant, $2) AS tenant, COALESCE(category, $3) AS category,
           COALESCE(environment, $4) AS environment, COALESCE(expected_version, $5[1]) AS expected_version,
           COALESCE(version, $6[1]) AS version, COALESCE(state, $7) AS state, COALESCE(kind, $8) AS kind,
           COALESCE(tier, $9) AS tier, COALESCE(lane, $10) AS lane, COALESCE(fingerprint, $11) AS fingerprint, wake_at,
           COALESCE(first_at, $13[1]) AS first_at, COALESCE(last_at, $14[1]) AS last_at, rival_id
    FROM (
        SELECT unnest($1::uuid[]) AS stream_id, unnest(string_to_array($2::text, chr(31))) AS tenant,
               unnest(string_to_array($3::text, chr(31))) AS category,
               unnest(string_to_array($4::text, chr(31))) AS environment, unnest($5::integer[]) AS expected_version,
               unnest($6::integer[]) AS version, unnest(string_to_array($7::text, chr(31))) AS state,
               unnest(string_to_array($8::text, chr(31))) AS kind, unnest(string_to_array($9::text, chr(31))) AS tier,
               unnest(string_to_array($10::text, chr(31))) AS lane,
               unnest(string_to_array($11::text, chr(31))) AS fingerprint, unnest($12::timestamptz[]) AS wake_at,
               unnest($13::timestamptz[]) AS first_at, unnest($14::timestamptz[]) AS last_at,
               unnest($15::uuid[]) AS rival_id
    ) AS g
), updated AS (
    UPDATE stream AS s
    SET version = g.version, state = g.state, kind = g.kind, tier = g.tier, lane = g.lane, fingerprint = g.fingerprint,
        wake_at = g.wake_at, updated_at = g.last_at
    FROM given AS g
    WHERE s.stream_id = g.stream_id AND s.version = g.expected_version
      AND (s.tenant = g.tenant AND s.category = g.category AND s.environment = g.environment) IS TRUE
    RETURNING s.stream_id
), created AS (
    INSERT INTO stream (
        stream_id, tenant, category, environment, version, state, kind, tier, lane, fingerprint, wake_at, created_at, updated_at
    )
    SELECT stream_id, tenant, category, environment, version, state, kind, tier, lane, fingerprint, wake_at, first_at, last_at
    FROM given AS g
    WHERE expected_version = 0 AND (SELECT r.version FROM stream AS r WHERE r.stream_id = g.rival_id) IS NULL
    ON CONFLICT (stream_id) DO NOTHING
    RETURNING stream_id
), passed AS (
    SELECT stream_id FROM updated UNION ALL SELECT stream_id FROM created
), written AS (
    INSERT INTO event (
        epoch, stream_id, version, schema_version, event_id, causation_id, time, category, tenant, environment, type,
        traceparent, data, payload_at, payload_hash
    )
    SELECT (SELECT epoch FROM era), e.stream_id, e.version, COALESCE(e.schema_version, $18[1]), e.event_id, e.causation_id,
           COALESCE(e.time, $21[1]), COALESCE(e.category, $22), COALESCE(e.tenant, $23), COALESCE(e.environment, $24),
           COALESCE(e.type, $25), NULLIF(COALESCE(e.traceparent, $26), ''), COALESCE(e.data, $27)::json,
           e.payload_at, e.payload_hash
    FROM (
        SELECT generate_subscripts($16::uuid[], 1) AS nth, unnest($16::uuid[]) AS stream_id, unnest($17::integer[]) AS version,
               unnest($18::smallint[]) AS schema_version, unnest($19::uuid[]) AS event_id, unnest($20::uuid[]) AS causation_id,
               unnest($21::timestamptz[]) AS time, unnest(string_to_array($22::text, chr(31))) AS category,
               unnest(string_to_array($23::text, chr(31))) AS tenant,
               unnest(string_to_array($24::text, chr(31))) AS environment, unnest(string_to_array($25::text, chr(31))) AS type,
               unnest(string_to_array($26::text, chr(31))) AS traceparent, unnest(string_to_array($27::text, chr(31))) AS data,
               unnest($28::integer[]) AS payload_at, unnest($29::bytea[]) AS payload_hash
    ) AS e
    WHERE CASE WHEN e.stream_id IN (SELECT stream_id FROM passed) THEN true ELSE false END
    ORDER BY e.nth
)
SELECT stream_id FROM passed;

-- name: load
-- All events of many streams, each stream's together and in version order.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version, data, time, tenant, causation_id, traceparent,
       payload_at, payload_hash
FROM event WHERE stream_id = ANY ($1::uuid[]) ORDER BY stream_id, version;

-- name: events_of
-- The events of one stream after a version.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version, data, time, tenant, causation_id, traceparent,
       payload_at, payload_hash
FROM event WHERE stream_id = $1 AND version > $2 ORDER BY version LIMIT $3;

-- name: read
-- The events of a category after a position, in order, below the horizon: no transaction that is still open can precede them.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version, data, time, tenant, causation_id, traceparent,
       payload_at, payload_hash
FROM event
WHERE category = $1 AND (epoch, xid, seq) > ($2::smallint, $3::xid8, $4::bigint)
  AND (epoch, xid) < ((SELECT epoch FROM era), pg_snapshot_xmin(pg_current_snapshot()))
ORDER BY epoch, xid, seq LIMIT $5;

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
