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

-- name: held
-- Jobs that an operator holds back, the oldest first: the walk of an index that has no other rows.
SELECT stream_id, tenant, version, state, kind, tier, lane, fingerprint, wake_at, created_at, updated_at, category, environment
FROM stream
WHERE state = 'held' AND (created_at, stream_id) > (COALESCE($1::timestamptz, '-infinity'), COALESCE($2::uuid, '00000000-0000-0000-0000-000000000000'))
ORDER BY created_at, stream_id LIMIT $3;

-- name: rewrite_heads
-- Replace heads where the version is still the one that was folded; gives the ids of those replaced.
UPDATE stream AS s
SET state = g.state, kind = g.kind, tier = g.tier, lane = g.lane, fingerprint = g.fingerprint, wake_at = g.wake_at
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
    AS g (stream_id, version, state, kind, tier, lane, fingerprint, wake_at)
WHERE s.stream_id = g.stream_id AND s.version = g.version
RETURNING s.stream_id;
