-- name: scan_events
-- Events in the order of their streams after a place, whoever they belong to.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version,
       event_data(stream_id, data, payload_at, payload_hash) AS data, time, tenant, causation_id, traceparent,
       category, recorded_at
FROM event WHERE (stream_id, version) > ($1::uuid, $2::integer) ORDER BY stream_id, version LIMIT $3;

-- name: scan_heads
-- Heads in the order of their ids, after one and up to another.
SELECT stream_id, tenant, version, state, wake_at, attributes, created_at, updated_at, category
FROM stream WHERE stream_id > $1::uuid AND stream_id <= $2::uuid ORDER BY stream_id LIMIT $3;

-- name: stream_sizes
-- Streams in the order of their ids after one, and how many events each has: those that have no head too, and those that have no
-- events.
SELECT stream_id, sum(events)::bigint AS events FROM (
    (SELECT stream_id, count(*) AS events FROM event WHERE stream_id > $1::uuid
     GROUP BY stream_id ORDER BY stream_id LIMIT $2)
    UNION ALL
    (SELECT stream_id, 0 FROM stream WHERE stream_id > $1::uuid ORDER BY stream_id LIMIT $2)
) AS found GROUP BY stream_id ORDER BY stream_id LIMIT $2;

-- name: select_streams
-- The ids of the selected streams after one. The times are those of events: a stream lies between its first and its last.
SELECT s.stream_id FROM stream AS s
WHERE s.stream_id > $1::uuid
  AND (cardinality($2::text[]) = 0 OR s.tenant = ANY ($2))
  AND s.updated_at >= COALESCE($4::timestamptz, '-infinity') AND s.created_at < COALESCE($5::timestamptz, 'infinity')
  AND (cardinality($3::text[]) = 0 OR EXISTS (
      SELECT FROM event AS e WHERE e.stream_id = s.stream_id AND e.type = ANY ($3)))
ORDER BY s.stream_id LIMIT $6;

-- name: events_of_streams
-- All events of some streams.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version,
       event_data(stream_id, data, payload_at, payload_hash) AS data, time, tenant, causation_id, traceparent,
       category, recorded_at
FROM event WHERE stream_id = ANY ($1::uuid[]) ORDER BY stream_id, version;

-- name: heads_of_streams
-- The heads of some streams.
SELECT stream_id, tenant, version, state, wake_at, attributes, created_at, updated_at, category
FROM stream WHERE stream_id = ANY ($1::uuid[]) ORDER BY stream_id;

-- name: count_streams
-- How many streams are selected, and how many events they have.
SELECT count(*), COALESCE(sum(s.version), 0)::bigint FROM stream AS s
WHERE (cardinality($1::uuid[]) = 0 OR s.stream_id = ANY ($1))
  AND (cardinality($2::text[]) = 0 OR s.tenant = ANY ($2))
  AND s.updated_at >= COALESCE($4::timestamptz, '-infinity') AND s.created_at < COALESCE($5::timestamptz, 'infinity')
  AND (cardinality($3::text[]) = 0 OR EXISTS (
      SELECT FROM event AS e WHERE e.stream_id = s.stream_id AND e.type = ANY ($3)));

-- name: cursors
-- How far each ordered reader came.
SELECT name, epoch, xid, seq FROM cursor ORDER BY name;

-- name: newest
-- The last event of some categories, the era, the first transaction id that is not given out yet, and whether all of it came
-- back from a dump without a new era.
SELECT e.epoch, e.xid, e.seq, (SELECT epoch FROM era) AS era, pg_snapshot_xmax(pg_current_snapshot()) AS next_xid,
       (SELECT born_in <> tableoid FROM era) AS copied
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT last.* FROM unnest($1::text[]) AS wanted (category) CROSS JOIN LATERAL (
        SELECT epoch, xid, seq FROM event WHERE category = wanted.category
        ORDER BY category DESC, epoch DESC, xid DESC, seq DESC LIMIT 1
    ) AS last
    ORDER BY epoch DESC, xid DESC, seq DESC LIMIT 1
) AS e ON true;

-- name: reservations
-- Idempotency keys in order, after one.
SELECT tenant, key, stream_id, fingerprint, created_at, question FROM idempotency
WHERE (tenant, key) > ($1, $2) ORDER BY tenant, key LIMIT $3;

-- name: window_end
-- Where the next so many events of some categories end, whichever they are; nothing at the end. One walk a category, merged.
SELECT page.* FROM unnest($1::text[]) AS wanted (category) CROSS JOIN LATERAL (
    SELECT epoch, xid, seq FROM event AS e
    WHERE e.category = wanted.category AND (epoch, xid, seq) > ($2::smallint, $3::xid8, $4::bigint)
      AND (epoch, xid, seq) <= ($5::smallint, $6::xid8, $7::bigint)
    ORDER BY epoch, xid, seq LIMIT $8 + 1
) AS page
ORDER BY page.epoch, page.xid, page.seq OFFSET $8 LIMIT 1;

-- name: window_events
-- The selected events of a window, in the order in which they happened.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version,
       event_data(stream_id, data, payload_at, payload_hash) AS data, time, tenant, causation_id, traceparent,
       category, recorded_at
FROM event
WHERE category = ANY ($1::text[]) AND (epoch, xid, seq) > ($2::smallint, $3::xid8, $4::bigint)
  AND (epoch, xid, seq) <= ($5::smallint, $6::xid8, $7::bigint)
  AND (cardinality($8::uuid[]) = 0 OR stream_id = ANY ($8)) AND (cardinality($9::text[]) = 0 OR tenant = ANY ($9))
  AND (cardinality($10::text[]) = 0 OR type = ANY ($10))
  AND time >= COALESCE($11::timestamptz, '-infinity') AND time < COALESCE($12::timestamptz, 'infinity')
ORDER BY epoch, xid, seq;

-- name: window_count
-- How many events of a window are selected.
SELECT count(*) FROM event
WHERE category = ANY ($1::text[]) AND (epoch, xid, seq) > ($2::smallint, $3::xid8, $4::bigint)
  AND (epoch, xid, seq) <= ($5::smallint, $6::xid8, $7::bigint)
  AND (cardinality($8::uuid[]) = 0 OR stream_id = ANY ($8)) AND (cardinality($9::text[]) = 0 OR tenant = ANY ($9))
  AND (cardinality($10::text[]) = 0 OR type = ANY ($10))
  AND time >= COALESCE($11::timestamptz, '-infinity') AND time < COALESCE($12::timestamptz, 'infinity');

-- name: events_of_jobs
-- The selected events of a few jobs, in the order in which they happened.
SELECT epoch, xid, seq, stream_id, version, event_id, type, schema_version,
       event_data(stream_id, data, payload_at, payload_hash) AS data, time, tenant, causation_id, traceparent,
       category, recorded_at
FROM event
WHERE stream_id = ANY ($1::uuid[]) AND category = ANY ($2::text[]) AND (epoch, xid, seq) > ($3::smallint, $4::xid8, $5::bigint)
  AND (epoch, xid, seq) <= ($6::smallint, $7::xid8, $8::bigint)
  AND (cardinality($9::text[]) = 0 OR tenant = ANY ($9)) AND (cardinality($10::text[]) = 0 OR type = ANY ($10))
  AND time >= COALESCE($11::timestamptz, '-infinity') AND time < COALESCE($12::timestamptz, 'infinity')
ORDER BY epoch, xid, seq;

-- name: leases
-- Who leads under which name, and for how long by the clock of the database.
SELECT name, holder, expires_at > clock_timestamp() AS held,
       extract(epoch FROM clock_timestamp() - taken_at)::double precision AS for_s
FROM lease ORDER BY name;

-- name: has_event
-- Whether a version of a stream is stored, and under which id.
SELECT event_id FROM event WHERE stream_id = $1 AND version = $2;

-- name: ledger
-- What was handed in at providers, in the order of its keys, after one. What somebody looks at is due when its lease has ended.
SELECT key, attempt_id, round, state, created_at, CASE WHEN due_at IS NOT NULL THEN greatest(due_at, lease_until) END AS due_at
FROM submission WHERE key > $1 ORDER BY key LIMIT $2;

-- name: kept_attempts
-- Attempts that wait at providers, or did, in the order of their ids, after one. What somebody goes through is due when its lease
-- has ended.
SELECT attempt_id, created_at, CASE WHEN due_at IS NOT NULL THEN greatest(due_at, lease_until) END AS due_at
FROM attempt WHERE attempt_id > $1 ORDER BY attempt_id LIMIT $2;

-- name: open_gates
-- The backends that are not asked: a row a backend at most.
SELECT backend, failures, open_until FROM provider_gate WHERE open_until IS NOT NULL ORDER BY backend;
