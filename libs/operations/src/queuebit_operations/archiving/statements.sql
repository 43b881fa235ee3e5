-- name: partitions
-- The partitions of the log, the oldest first.
SELECT name, greatest(since, 'epoch'), until FROM event_partition ORDER BY from_id;

-- name: lock_archiving
-- No build of a projection begins until the transaction ends: `begin_reading` of the store waits for the same lock.
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/archiving', 0));

-- name: page_of_events
-- Whole events of a range of streams, after a place.
SELECT epoch, xid, seq, stream_id, version, schema_version, event_id, causation_id, time, recorded_at, category, tenant, type,
       traceparent, event_data(stream_id, data, payload_at, payload_hash)
FROM event WHERE stream_id < $1 AND (stream_id, version) > ($2::uuid, $3::integer) ORDER BY stream_id, version LIMIT $4;

-- name: page_of_streams
-- Heads of a range, after one.
SELECT stream_id, category, tenant, version, state, wake_at, attributes::text, created_at, updated_at
FROM stream WHERE stream_id < $1 AND stream_id > $2 ORDER BY stream_id LIMIT $3;

-- name: page_of_keys
-- Idempotency keys of the streams of a range, after one.
SELECT tenant, key, stream_id, fingerprint, created_at, question
FROM idempotency WHERE stream_id < $1 AND (stream_id, tenant, key) > ($2::uuid, $3::text, $4::text)
ORDER BY stream_id, tenant, key LIMIT $5;

-- name: size
-- How many events and streams a range has.
SELECT COALESCE(sum(version), 0), count(*) FROM stream WHERE stream_id >= $1 AND stream_id < $2;

-- name: unfinished
-- How many streams of a range may still get events: those with a timer, and those of these categories in no final state.
SELECT count(*) FROM stream
WHERE stream_id >= $1 AND stream_id < $2
  AND (wake_at IS NOT NULL OR category = ANY ($3::text[]) AND NOT state = ANY ($4::text[]));

-- name: unread
-- Readers whose cursor stands before the last event of a range.
SELECT c.name FROM cursor AS c
WHERE (c.epoch, c.xid, c.seq) < (
    SELECT epoch, xid, seq FROM event WHERE stream_id >= $1 AND stream_id < $2 AND category = ANY ($3::text[])
    ORDER BY epoch DESC, xid DESC, seq DESC LIMIT 1
) ORDER BY c.name;

-- name: unread_place
-- Readers whose cursor stands before a place of the log.
SELECT name FROM cursor WHERE (epoch, xid, seq) < ($1::smallint, $2::xid8, $3::bigint) ORDER BY name;

-- name: note_archive
-- Remember an archive before anything is taken out.
INSERT INTO archive (partition, since, until, digest, folder, events, streams, state, actor, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'written', $8, $9)
ON CONFLICT (partition) DO UPDATE
SET digest = excluded.digest, folder = excluded.folder, events = excluded.events, streams = excluded.streams,
    state = excluded.state, actor = excluded.actor, reason = excluded.reason, noted_at = clock_timestamp();

-- name: take_out
-- Take a partition out, where it still holds as many events as were written; false where it does not.
SELECT take_out_event_partition($1, $2);

-- name: clear_streams
-- Drop some heads of a range.
DELETE FROM stream WHERE stream_id IN (SELECT stream_id FROM stream WHERE stream_id >= $1 AND stream_id < $2 LIMIT $3);

-- name: clear_keys
-- Drop some idempotency keys of a range.
DELETE FROM idempotency
WHERE (tenant, key) IN (SELECT tenant, key FROM idempotency WHERE stream_id >= $1 AND stream_id < $2 LIMIT $3);

-- name: clear_payloads
-- Drop some payloads of a range: the archive holds its events whole.
DELETE FROM payload WHERE (stream_id, hash, part) IN (
    SELECT stream_id, hash, part FROM payload WHERE stream_id >= $1 AND stream_id < $2 LIMIT $3);

-- name: archive_state
-- Remember how far an archive is.
UPDATE archive SET state = $2, noted_at = clock_timestamp() WHERE partition = $1;

-- name: archives
-- All archives, the oldest first.
SELECT partition, since, until, digest, folder, events, streams, state, actor, reason, noted_at FROM archive ORDER BY since;

-- name: begin_restore
-- A table for the events of an archive, beside the log.
SELECT begin_event_restore($1);

-- name: restore_streams
-- Put heads back.
INSERT INTO stream (stream_id, category, tenant, version, state, wake_at, attributes, created_at, updated_at)
SELECT stream_id, category, tenant, version, state, wake_at, attributes::jsonb, created_at, updated_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[], $5::text[], $6::timestamptz[], $7::text[], $8::timestamptz[],
    $9::timestamptz[]) AS r (stream_id, category, tenant, version, state, wake_at, attributes, created_at, updated_at)
ON CONFLICT (stream_id) DO NOTHING;

-- name: restore_keys
-- Put idempotency keys back; one that was taken anew stays with its new holder.
INSERT INTO idempotency (tenant, key, stream_id, fingerprint, created_at, question)
SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[])
ON CONFLICT (tenant, key) DO NOTHING;

-- name: end_restore
-- Let the restored events be part of the log again.
SELECT end_event_restore($1, $2, $3);
