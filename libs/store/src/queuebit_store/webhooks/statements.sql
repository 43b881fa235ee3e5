-- name: add_endpoint
-- Nothing changes where the id is known.
INSERT INTO webhook_endpoint (endpoint_id, tenant, url, description, rule, secrets, state, why, version, epoch, xid, seq)
VALUES ($1, $2, $3, $4, $5, $6, 'enabled', '', 1, $7, $8, $9)
ON CONFLICT (endpoint_id) DO NOTHING
RETURNING endpoint_id, tenant, url, description, rule, secrets, state, why, version, epoch, xid, seq, failing_since, created_at,
    updated_at;

-- name: endpoints
-- All of them, the oldest first: a walk of a small table.
SELECT endpoint_id, tenant, url, description, rule, secrets, state, why, version, epoch, xid, seq, failing_since, created_at,
    updated_at
FROM webhook_endpoint ORDER BY created_at, endpoint_id;

-- name: endpoints_of
-- Those of one tenant, the oldest first.
SELECT endpoint_id, tenant, url, description, rule, secrets, state, why, version, epoch, xid, seq, failing_since, created_at,
    updated_at
FROM webhook_endpoint WHERE tenant = $1 ORDER BY created_at, endpoint_id;

-- name: change_endpoint
-- What people say of it, where nobody else has said something since.
UPDATE webhook_endpoint SET
    url = $3, description = $4, rule = $5, secrets = $6, state = $7, why = $8, version = version + 1,
    failing_since = CASE WHEN $7 = 'enabled' AND state <> 'enabled' THEN NULL ELSE failing_since END,
    updated_at = clock_timestamp()
WHERE endpoint_id = $1 AND version = $2 RETURNING endpoint_id;

-- name: drop_endpoint
-- Its deliveries go with it.
DELETE FROM webhook_endpoint WHERE endpoint_id = $1 AND tenant = $2 RETURNING endpoint_id;

-- name: fan_out
-- Move the places that are still where the reader found them, and keep what is to be told to those alone: each event is taken once.
WITH moved AS (
    UPDATE webhook_endpoint SET epoch = $5, xid = $6, seq = $7
    WHERE endpoint_id = ANY ($1::uuid[]) AND (epoch, xid, seq) = ($2::smallint, $3::xid8, $4::bigint)
    RETURNING endpoint_id
), made AS (
    INSERT INTO webhook_delivery (delivery_id, endpoint_id, tenant, stream_id, version, type, event_at, body, state, due_at)
    SELECT d.delivery_id, d.endpoint_id, d.tenant, d.stream_id, d.version, d.type, d.event_at, d.body, 'pending', clock_timestamp()
    FROM unnest($8::uuid[], $9::uuid[], $10::text[], $11::uuid[], $12::integer[], $13::text[], $14::timestamptz[], $15::text[])
        AS d (delivery_id, endpoint_id, tenant, stream_id, version, type, event_at, body)
    WHERE d.endpoint_id IN (SELECT endpoint_id FROM moved)
    ON CONFLICT (delivery_id) DO NOTHING
)
SELECT count(*) AS moved FROM moved;

-- name: add_delivery
-- One more, due at once.
INSERT INTO webhook_delivery (delivery_id, endpoint_id, tenant, stream_id, version, type, event_at, body, state, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', clock_timestamp())
ON CONFLICT (delivery_id) DO UPDATE SET delivery_id = excluded.delivery_id
RETURNING delivery_id, endpoint_id, tenant, stream_id, version, type, event_at, body, state, attempts, due_at, claims, status,
    error, took_ms, answer, created_at, updated_at;

-- name: claim_deliveries
-- A walk along what is due of each endpoint, from the oldest; rows that somebody claims at this moment are passed over. Tenants take
-- turns, and so do the endpoints of one.
UPDATE webhook_delivery SET claims = claims + 1, lease_until = clock_timestamp() + $5::interval
WHERE delivery_id IN (
    SELECT delivery_id FROM (
        SELECT delivery_id, of_tenant, row_number() OVER (PARTITION BY tenant ORDER BY turn, due_at) AS nth FROM (
            SELECT due.delivery_id, due.due_at, wanted.tenant, wanted.of_tenant,
                row_number() OVER (PARTITION BY wanted.endpoint_id ORDER BY due.due_at) AS turn
            FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::integer[]) AS wanted (endpoint_id, free, tenant, of_tenant)
            CROSS JOIN LATERAL (
                SELECT delivery_id, due_at FROM webhook_delivery AS w
                WHERE w.endpoint_id = wanted.endpoint_id AND w.due_at <= now() AND (w.lease_until IS NULL OR w.lease_until < now())
                ORDER BY w.due_at LIMIT wanted.free FOR UPDATE SKIP LOCKED
            ) AS due
        ) AS turns
    ) AS fair
    WHERE nth <= of_tenant ORDER BY nth LIMIT $6
)
RETURNING delivery_id, endpoint_id, tenant, stream_id, version, type, event_at, body, state, attempts, due_at, claims, status,
    error, took_ms, answer, created_at, updated_at;

-- name: crowded_endpoints
-- Those for which more than so many deliveries wait: a walk of bounded length for each.
SELECT wanted.endpoint_id FROM unnest($1::uuid[]) AS wanted (endpoint_id) WHERE EXISTS (
    SELECT 1 FROM webhook_delivery AS w
    WHERE w.endpoint_id = wanted.endpoint_id AND w.due_at IS NOT NULL ORDER BY w.due_at OFFSET $2 LIMIT 1
);

-- name: settle_delivery
-- What came of an attempt, and whether its endpoint fails.
WITH settled AS (
    UPDATE webhook_delivery SET
        state = $3, due_at = clock_timestamp() + $4::interval, status = $5, error = $6, took_ms = $7, answer = $8,
        attempts = attempts + 1, lease_until = NULL, updated_at = clock_timestamp()
    WHERE delivery_id = $1 AND claims = $2
    RETURNING endpoint_id
)
UPDATE webhook_endpoint AS e SET
    failing_since = CASE WHEN $3 = 'delivered' THEN NULL ELSE COALESCE(failing_since, clock_timestamp()) END
FROM settled WHERE e.endpoint_id = settled.endpoint_id
RETURNING clock_timestamp() - e.failing_since AS failing;

-- name: disable_endpoint
-- Nothing is sent there until somebody enables it again.
UPDATE webhook_endpoint SET state = 'disabled', why = $2, version = version + 1, updated_at = clock_timestamp()
WHERE endpoint_id = $1 AND state = 'enabled';

-- name: deliveries
-- A page of one endpoint's deliveries, the latest event first.
SELECT delivery_id, endpoint_id, tenant, stream_id, version, type, event_at, body, state, attempts, due_at, claims, status,
    error, took_ms, answer, created_at, updated_at
FROM webhook_delivery
WHERE endpoint_id = $1 AND tenant = $2 AND state = ANY ($3::text[])
  AND (event_at, delivery_id) < (COALESCE($4::timestamptz, 'infinity'), COALESCE($5::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY endpoint_id DESC, event_at DESC, delivery_id DESC LIMIT $6;

-- name: replay_deliveries
-- Due at once, from the first attempt on.
UPDATE webhook_delivery SET
    state = 'pending', due_at = clock_timestamp(), attempts = 0, lease_until = NULL, claims = claims + 1,
    updated_at = clock_timestamp()
WHERE delivery_id IN (
    SELECT delivery_id FROM webhook_delivery
    WHERE endpoint_id = $1 AND tenant = $2 AND event_at >= $3 AND event_at < $4 AND state = ANY ($5::text[])
    ORDER BY event_at, delivery_id LIMIT $6
)
RETURNING delivery_id;

-- name: forget_deliveries
-- A walk along the oldest events.
DELETE FROM webhook_delivery WHERE delivery_id IN (
    SELECT delivery_id FROM webhook_delivery WHERE event_at < $1 ORDER BY event_at LIMIT $2
) RETURNING delivery_id;
