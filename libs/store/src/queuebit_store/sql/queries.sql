-- Every statement of the store. Each is a walk along an index; the session forbids other plans (see postgres_settings.py).

-- name: append
-- Compare-and-set every stream of a batch and store the events of those that passed; gives the ids of those that passed.
-- The streams come sorted by id, so that concurrent batches lock in the same order; the events come in batch order, and
-- the final ORDER BY is what gives their sequence numbers that order. The CASE keeps the membership test a hashed subplan:
-- as a join it would be a nested loop of every event over every stream. The IS TRUE keeps the walk on the primary key: for
-- the planner the index by tenant looks as good, and it is not.
-- A column of texts travels as one text, its values parted by the unit separator, and a column of one and the same value as
-- that value alone: the driver looks at every element of an array several times. Such a column is one row long, unnest fills
-- it up with NULL, and COALESCE with the value. (wake_at, rival_id and causation_id may be NULL and are filled with nothing else.)
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
        traceparent, data
    )
    SELECT (SELECT epoch FROM era), e.stream_id, e.version, COALESCE(e.schema_version, $18[1]), e.event_id, e.causation_id,
           COALESCE(e.time, $21[1]), COALESCE(e.category, $22), COALESCE(e.tenant, $23), COALESCE(e.environment, $24),
           COALESCE(e.type, $25), NULLIF(COALESCE(e.traceparent, $26), ''), COALESCE(e.data, $27)::json
    FROM (
        SELECT generate_subscripts($16::uuid[], 1) AS nth, unnest($16::uuid[]) AS stream_id, unnest($17::integer[]) AS version,
               unnest($18::smallint[]) AS schema_version, unnest($19::uuid[]) AS event_id, unnest($20::uuid[]) AS causation_id,
               unnest($21::timestamptz[]) AS time, unnest(string_to_array($22::text, chr(31))) AS category,
               unnest(string_to_array($23::text, chr(31))) AS tenant,
               unnest(string_to_array($24::text, chr(31))) AS environment, unnest(string_to_array($25::text, chr(31))) AS type,
               unnest(string_to_array($26::text, chr(31))) AS traceparent, unnest(string_to_array($27::text, chr(31))) AS data
    ) AS e
    WHERE CASE WHEN e.stream_id IN (SELECT stream_id FROM passed) THEN true ELSE false END
    ORDER BY e.nth
)
SELECT stream_id FROM passed;

-- name: load
-- All events of many streams, each stream's together and in version order.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version, data, time, tenant, causation_id, traceparent
FROM event WHERE stream_id = ANY ($1::uuid[]) ORDER BY stream_id, version;

-- name: events_of
-- The events of one stream after a version.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version, data, time, tenant, causation_id, traceparent
FROM event WHERE stream_id = $1 AND version > $2 ORDER BY version LIMIT $3;

-- name: read
-- The events of a category after a position, in order, below the horizon: no transaction that is still open can precede them.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version, data, time, tenant, causation_id, traceparent
FROM event
WHERE category = $1 AND (epoch, xid, seq) > ($2::smallint, $3::xid8, $4::bigint)
  AND (epoch, xid) < ((SELECT epoch FROM era), pg_snapshot_xmin(pg_current_snapshot()))
ORDER BY epoch, xid, seq LIMIT $5;

-- name: heads
-- The heads of many streams.
SELECT stream_id, tenant, version, state, kind, tier, lane, fingerprint, wake_at, created_at, updated_at, category, environment
FROM stream WHERE stream_id = ANY ($1::uuid[]);

-- name: walk
-- Heads in the order of their ids, over all tenants, after an id.
SELECT stream_id, tenant, version, state, kind, tier, lane, fingerprint, wake_at, created_at, updated_at, category, environment
FROM stream
WHERE stream_id > COALESCE($1::uuid, '00000000-0000-0000-0000-000000000000') AND category = $2 AND environment = $3
ORDER BY stream_id LIMIT $4;

-- name: list_tenant
-- A page of one tenant's heads, newest first.
SELECT stream_id, tenant, version, state, kind, tier, lane, fingerprint, wake_at, created_at, updated_at, category, environment
FROM stream
WHERE tenant = $1
  AND (created_at, stream_id) < (COALESCE($2::timestamptz, 'infinity'), COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  AND category = $4 AND environment = $5
  AND (cardinality($6::text[]) = 0 OR state = ANY ($6)) AND (cardinality($7::text[]) = 0 OR kind = ANY ($7))
  AND (cardinality($8::text[]) = 0 OR tier = ANY ($8))
  AND created_at >= COALESCE($9::timestamptz, '-infinity') AND created_at < COALESCE($10::timestamptz, 'infinity')
ORDER BY tenant DESC, created_at DESC, stream_id DESC LIMIT $11;

-- name: list_states
-- A page of one tenant's heads in some states, newest first: one walk a state, merged. Rare states need no long scan.
SELECT page.* FROM unnest($6::text[]) AS wanted (state) CROSS JOIN LATERAL (
    SELECT stream_id, tenant, version, s.state, kind, tier, lane, fingerprint, wake_at, created_at, updated_at, category,
           environment
    FROM stream AS s
    WHERE tenant = $1 AND s.state = wanted.state
      AND (created_at, stream_id) < (COALESCE($2::timestamptz, 'infinity'), COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
      AND category = $4 AND environment = $5
      AND (cardinality($7::text[]) = 0 OR kind = ANY ($7)) AND (cardinality($8::text[]) = 0 OR tier = ANY ($8))
      AND created_at >= COALESCE($9::timestamptz, '-infinity') AND created_at < COALESCE($10::timestamptz, 'infinity')
    ORDER BY tenant DESC, s.state DESC, created_at DESC, stream_id DESC LIMIT $11
) AS page
ORDER BY page.created_at DESC, page.stream_id DESC LIMIT $11;

-- name: due
-- Streams whose time to be looked at has come, earliest first.
SELECT stream_id FROM stream WHERE wake_at <= $1 ORDER BY wake_at LIMIT $2;

-- name: reserve
-- Take the keys that are free and show the holder of the others. A key that another transaction takes at this very moment
-- is in neither answer, because this statement's snapshot is older: asking again shows it.
WITH wanted AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[])
        AS w (tenant, key, stream_id, fingerprint, created_at, question)
), taken AS (
    INSERT INTO idempotency (tenant, key, stream_id, fingerprint, created_at, question) SELECT * FROM wanted
    ON CONFLICT (tenant, key) DO NOTHING
    RETURNING tenant, key, stream_id, fingerprint, created_at, question
)
SELECT tenant, key, stream_id, fingerprint, created_at, question FROM taken
UNION ALL
SELECT i.tenant, i.key, i.stream_id, i.fingerprint, i.created_at, i.question
FROM wanted AS w JOIN idempotency AS i ON i.tenant = w.tenant AND i.key = w.key;

-- name: holder
-- What holds one key.
SELECT tenant, key, stream_id, fingerprint, created_at, question FROM idempotency WHERE tenant = $1 AND key = $2;

-- name: held_for
-- The key that is held for a stream.
SELECT tenant, key, stream_id, fingerprint, created_at, question FROM idempotency WHERE stream_id = $1 LIMIT 1;

-- name: rewrite_heads
-- Replace heads where the version is still the one that was folded; gives the ids of those replaced.
UPDATE stream AS s
SET state = g.state, kind = g.kind, tier = g.tier, lane = g.lane, fingerprint = g.fingerprint, wake_at = g.wake_at
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
    AS g (stream_id, version, state, kind, tier, lane, fingerprint, wake_at)
WHERE s.stream_id = g.stream_id AND s.version = g.version
RETURNING s.stream_id;

-- name: load_cursor
-- Where an ordered reader stands.
SELECT epoch, xid, seq FROM cursor WHERE name = $1;

-- name: save_cursor
-- Remember where an ordered reader stands.
INSERT INTO cursor (name, epoch, xid, seq) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE
SET epoch = excluded.epoch, xid = excluded.xid, seq = excluded.seq, saved_at = excluded.saved_at;

-- name: known_tenants
-- Those of the names that are tenants.
SELECT tenant FROM tenant WHERE tenant = ANY ($1::text[]);

-- name: add_tenant
-- Register a tenant; one that is registered already stays as it is.
INSERT INTO tenant (tenant, created_at) VALUES ($1, $2) ON CONFLICT (tenant) DO NOTHING;

-- name: find_keys
-- These API keys, as far as they are there.
SELECT key_id, tenant, role, secret_hash, created_at, expires_at, revoked_at FROM api_key WHERE key_id = ANY($1::text[]);

-- name: add_key
-- Store an API key.
INSERT INTO api_key (key_id, tenant, role, secret_hash, created_at, expires_at, revoked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: list_keys
-- All API keys, or those of one tenant, the oldest first.
SELECT key_id, tenant, role, secret_hash, created_at, expires_at, revoked_at FROM api_key
WHERE tenant = COALESCE($1::text, tenant) ORDER BY created_at, key_id;

-- name: revoke_key
-- Revoke an API key that is not revoked yet.
UPDATE api_key SET revoked_at = $2 WHERE key_id = $1 AND revoked_at IS NULL RETURNING key_id;

-- name: take_lease
-- Take a name that is free, or whose time is over, or keep it; no row while somebody else has it. The token rises when the name
-- passes to another holder. Whoever only waits for the name writes nothing and locks nothing.
INSERT INTO lease AS l (name, holder, token, expires_at)
SELECT $1, $2, 1, clock_timestamp() + $3::interval
WHERE NOT EXISTS (SELECT FROM lease WHERE name = $1 AND holder <> $2 AND expires_at > clock_timestamp())
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, expires_at = excluded.expires_at,
    taken_at = CASE WHEN l.holder = excluded.holder THEN l.taken_at ELSE clock_timestamp() END,
    token = CASE WHEN l.holder = excluded.holder THEN l.token ELSE l.token + 1 END
WHERE l.holder = excluded.holder OR l.expires_at <= clock_timestamp()
RETURNING token;

-- name: release_lease
-- Let anybody have the name at once.
UPDATE lease SET holder = '', expires_at = '-infinity' WHERE name = $1 AND holder = $2 AND token = $3;

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

-- name: writable
-- Whether this server takes writes.
SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' AS writable;

-- name: backlog
-- What a reader has before it from where its cursor was saved, and the first event that lies beyond the horizon.
WITH place AS (
    SELECT COALESCE(c.epoch, 0::smallint) AS epoch, COALESCE(c.xid, '0'::xid8) AS xid, COALESCE(c.seq, 0) AS seq
    FROM (VALUES ($1::text)) AS wanted (name) LEFT JOIN cursor AS c ON c.name = wanted.name
), unread AS (
    SELECT e.recorded_at FROM place AS p CROSS JOIN LATERAL (
        SELECT recorded_at FROM event
        WHERE category = $2 AND (epoch, xid, seq) > (p.epoch, p.xid, p.seq) ORDER BY epoch, xid, seq LIMIT $3
    ) AS e
)
SELECT p.epoch, p.xid, p.seq, u.waiting, u.oldest_age_s,
       extract(epoch FROM clock_timestamp() - (
           SELECT recorded_at FROM event
           WHERE category = $2 AND (epoch, xid) >= ((SELECT epoch FROM era), pg_snapshot_xmin(pg_current_snapshot()))
           ORDER BY epoch, xid, seq LIMIT 1
       ))::double precision AS held_age_s
FROM place AS p CROSS JOIN (
    SELECT count(*) AS waiting, extract(epoch FROM clock_timestamp() - min(recorded_at))::double precision AS oldest_age_s
    FROM unread
) AS u;

-- name: horizon_holders
-- Open transactions that have written, in any database of the server, the oldest first. A reader holds back vacuum, not us.
SELECT 'session' AS kind, pid::text AS who, datname AS database, usename AS username, application_name AS application, state,
       age(backend_xid) AS xids, extract(epoch FROM clock_timestamp() - xact_start)::double precision AS age_s
FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
UNION ALL
SELECT 'prepared', gid, database, owner, NULL, 'prepared', age(transaction),
       extract(epoch FROM clock_timestamp() - prepared)::double precision
FROM pg_prepared_xacts
ORDER BY xids DESC LIMIT $1;

-- name: bound_transactions
-- Let the server end any transaction of this session that takes longer; for a session, whatever it does in between.
SELECT set_config('transaction_timeout', $1, false);

-- name: epoch_check
-- For each category the newest transaction id of the current epoch; one at or above the next id betrays a restore.
WITH RECURSIVE category AS (
    (SELECT e.category FROM event AS e ORDER BY e.category LIMIT 1)
    UNION ALL
    SELECT (SELECT e.category FROM event AS e WHERE e.category > c.category ORDER BY e.category LIMIT 1)
    FROM category AS c WHERE c.category IS NOT NULL
)
SELECT bool_or(newest.xid >= pg_snapshot_xmax(pg_current_snapshot())) AS stale
FROM category AS c CROSS JOIN LATERAL (
    SELECT e.xid FROM event AS e WHERE e.category = c.category AND e.epoch = (SELECT epoch FROM era)
    ORDER BY e.epoch DESC, e.xid DESC, e.seq DESC LIMIT 1
) AS newest;

-- name: new_epoch
-- Begin the next epoch: everything stored so far precedes everything to come.
UPDATE era SET epoch = epoch + 1 RETURNING epoch;

-- name: lock_migrations
-- Only one process at a time migrates a namespace; the lock ends with the session.
SELECT pg_advisory_lock(hashtextextended('queuebit migrations/' || $1, 0));

-- name: create_migrations
-- The record of what was applied.
CREATE TABLE IF NOT EXISTS schema_migration (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- name: applied_migrations
-- What was applied, with which text.
SELECT name, checksum FROM schema_migration ORDER BY name;

-- name: record_migration
-- Remember that a migration was applied.
INSERT INTO schema_migration (name, checksum) VALUES ($1, $2);
