-- name: heads
-- The heads of many streams.
SELECT stream_id, tenant, version, state, wake_at, attributes, created_at, updated_at, category
FROM stream WHERE stream_id = ANY ($1::uuid[]);

-- name: walk
-- Heads in the order of their ids, over all tenants, after an id.
SELECT stream_id, tenant, version, state, wake_at, attributes, created_at, updated_at, category
FROM stream WHERE stream_id > COALESCE($1::uuid, '00000000-0000-0000-0000-000000000000') AND category = $2
ORDER BY stream_id LIMIT $3;

-- name: walk_rare
-- The same of a category that is not that of jobs, which is said once more so that the index without them is walked.
SELECT stream_id, tenant, version, state, wake_at, attributes, created_at, updated_at, category
FROM stream
WHERE stream_id > COALESCE($1::uuid, '00000000-0000-0000-0000-000000000000') AND category = $2 AND category <> 'job'
ORDER BY category, stream_id LIMIT $3;

-- name: list_tenant
-- A page of one tenant's heads, newest first. An attribute is wanted with any value of its list.
SELECT stream_id, tenant, version, state, wake_at, attributes, created_at, updated_at, category
FROM stream
WHERE tenant = $1
  AND (created_at, stream_id) < (COALESCE($2::timestamptz, 'infinity'), COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  AND category = ANY ($4::text[])
  AND (cardinality($5::text[]) = 0 OR state = ANY ($5))
  AND NOT EXISTS (SELECT FROM jsonb_each($6::jsonb) AS w WHERE NOT w.value ? COALESCE(attributes ->> w.key, ''))
  AND created_at >= COALESCE($7::timestamptz, '-infinity') AND created_at < COALESCE($8::timestamptz, 'infinity')
ORDER BY tenant DESC, created_at DESC, stream_id DESC LIMIT $9;

-- name: list_states
-- A page of one tenant's heads in some states, newest first: one walk a state, merged. Rare states need no long scan: each walk
-- is a stretch of the one index that begins with the state. As an equality the state would be a constant, and for statistics that
-- know one state alone the index without it would look as good.
SELECT page.* FROM unnest($5::text[]) AS wanted (state) CROSS JOIN LATERAL (
    SELECT stream_id, tenant, version, s.state, wake_at, attributes, created_at, updated_at, category
    FROM stream AS s
    WHERE tenant = $1
      AND (s.state, created_at) >= (wanted.state, COALESCE($7::timestamptz, '-infinity'))
      AND (s.state, created_at, stream_id)
          < (wanted.state, COALESCE($2::timestamptz, 'infinity'), COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
      AND created_at < COALESCE($8::timestamptz, 'infinity')
      AND category = ANY ($4::text[])
      AND NOT EXISTS (SELECT FROM jsonb_each($6::jsonb) AS w WHERE NOT w.value ? COALESCE(attributes ->> w.key, ''))
    ORDER BY tenant DESC, s.state DESC, created_at DESC, stream_id DESC LIMIT $9
) AS page
ORDER BY page.created_at DESC, page.stream_id DESC LIMIT $9;

-- name: due
-- Streams of a category whose time to be looked at has come, earliest first.
SELECT stream_id FROM stream WHERE wake_at <= $1 AND category = $2 ORDER BY wake_at LIMIT $3;

-- name: held
-- Jobs that an operator holds back, the oldest first: the walk of an index that has no other rows.
SELECT stream_id, tenant, version, state, wake_at, attributes, created_at, updated_at, category
FROM stream
WHERE state = 'held' AND (created_at, stream_id) > (COALESCE($1::timestamptz, '-infinity'), COALESCE($2::uuid, '00000000-0000-0000-0000-000000000000'))
ORDER BY created_at, stream_id LIMIT $3;

-- name: waiting
-- Jobs that wait for their turn, the oldest of each tenant on each queue, behind one: a step through the index to each next tenant and queue.
WITH RECURSIVE line (tenant, queue) AS (
    (
        SELECT tenant, attributes ->> 'waits' FROM stream
        WHERE state = 'held' AND attributes ? 'waits' AND (tenant, attributes ->> 'waits') > ($3, $4)
        ORDER BY tenant, attributes ->> 'waits' LIMIT 1
    )
    UNION ALL
    SELECT next.tenant, next.queue FROM line CROSS JOIN LATERAL (
        SELECT tenant, attributes ->> 'waits' AS queue FROM stream
        WHERE state = 'held' AND attributes ? 'waits' AND (tenant, attributes ->> 'waits') > (line.tenant, line.queue)
        ORDER BY tenant, attributes ->> 'waits' LIMIT 1
    ) AS next
)
SELECT job.* FROM (SELECT tenant, queue FROM line LIMIT $2) AS line CROSS JOIN LATERAL (
    SELECT stream_id, s.tenant, version, state, wake_at, attributes, created_at, updated_at, category
    FROM stream AS s
    WHERE state = 'held' AND attributes ? 'waits' AND s.tenant = line.tenant AND attributes ->> 'waits' = line.queue
    ORDER BY created_at, stream_id LIMIT $1
) AS job;

-- name: rewrite_heads
-- Replace heads where the version is still the one that was folded; gives the ids of those replaced.
UPDATE stream AS s SET state = g.state, wake_at = g.wake_at, attributes = g.attributes::jsonb
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::timestamptz[], $5::text[])
    AS g (stream_id, version, state, wake_at, attributes)
WHERE s.stream_id = g.stream_id AND s.version = g.version
RETURNING s.stream_id;
