-- name: builds
-- All builds of projections, each with its cursor.
SELECT p.build, p.name, p.version, p.state, c.epoch, c.xid, c.seq, p.events, p.quiet_epoch, p.quiet_xid, p.quiet_seq,
       p.counts_from, p.failure, (p.failure ->> 'at')::timestamptz AS failed_at, p.created_at, p.switched_at, c.saved_at
FROM projection AS p JOIN cursor AS c ON c.name = 'projection/' || p.build
ORDER BY p.name, p.created_at, p.build;

-- name: lock_projection
-- One process at a time changes which builds of a projection there are.
SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/projection/' || $1, 0));

-- name: live_build
-- The build that is live, if one is. It takes nothing more until the transaction ends: what a later statement reads of its cursor
-- is still so when that is acted on.
SELECT build FROM projection WHERE name = $1 AND state = 'live' FOR UPDATE;

-- name: begin_reading
-- Nothing is taken out of the log until the transaction ends, in which the cursor of whoever is to read it appears.
SELECT pg_advisory_xact_lock_shared(hashtextextended(current_schema() || '/archiving', 0));

-- name: next_build
-- The number that the next build of a version gets.
SELECT COALESCE(max(number), 0) + 1 FROM projection WHERE name = $1 AND version = $2;

-- name: add_build
-- A build that begins at the beginning of the log. Nothing is told because of what happened before it was made.
INSERT INTO projection (build, name, version, number, state, quiet_epoch, quiet_xid, quiet_seq, counts_from)
SELECT $1, $2, $3, $4, $5, (SELECT epoch FROM era), pg_snapshot_xmin(pg_current_snapshot()), 0,
       (SELECT max(until) FROM archive WHERE state IN ('detached', 'archived'));

-- name: add_build_cursor
-- Its cursor stands before the first event.
INSERT INTO cursor (name, epoch, xid, seq) VALUES ('projection/' || $1, 0, '0', 0)
ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, xid = excluded.xid, seq = excluded.seq;

-- name: read_page
-- The next events of some categories after a position, in order, below the horizon: one walk a category, merged. Those of other
-- types are counted and left out, but for the last, which says up to where everything was read. It ends before the event whose
-- data would exceed so many bytes, unless that is the first. Where a payload lies apart it is put back only into data of another
-- version than the one that is named beside the type.
SELECT p.epoch, p.xid, p.seq, p.stream_id, p.version, p.type, p.schema_version, p.data, p.time, p.tenant, p.wanted, p.nth,
       p.found
FROM (
    SELECT cut.*, lead(cut.seq) OVER (ORDER BY cut.nth) IS NULL AS last
    FROM (
        SELECT page.*, page.type = ANY ($6::text[]) AS wanted, row_number() OVER in_order AS nth, count(*) OVER () AS found,
               sum(octet_length(page.data)) OVER in_order AS bytes
        FROM (
            SELECT one.epoch, one.xid, one.seq, one.stream_id, one.version, one.type, one.schema_version, one.time, one.tenant,
                   CASE WHEN one.payload_hash IS NULL
                             OR COALESCE(one.schema_version = ($7::integer[])[array_position($6::text[], one.type)], true)
                        THEN one.data::text
                        ELSE event_data(one.stream_id, one.data, one.payload_at, one.payload_hash) END AS data
            FROM unnest($1::text[]) AS wanted (category) CROSS JOIN LATERAL (
                SELECT epoch, xid, seq, stream_id, version, type, schema_version, data, time, tenant, payload_at, payload_hash
                FROM event AS e
                WHERE e.category = wanted.category AND (epoch, xid, seq) > ($2::smallint, $3::xid8, $4::bigint)
                  AND (epoch, xid) < ((SELECT epoch FROM era), pg_snapshot_xmin(pg_current_snapshot()))
                ORDER BY epoch, xid, seq LIMIT $5
            ) AS one
            ORDER BY one.epoch, one.xid, one.seq LIMIT $5
        ) AS page
        WINDOW in_order AS (ORDER BY page.epoch, page.xid, page.seq)
    ) AS cut
    WHERE cut.bytes <= $8::bigint OR cut.nth = 1
) AS p
WHERE p.wanted OR p.last ORDER BY p.nth;

-- name: projection_rows
-- The rows of a build that have these keys.
SELECT {columns} FROM {table} JOIN unnest({key_arrays}) AS wanted ({key}) USING ({key});

-- name: count_projection
-- How many rows of a build have some values, by others.
SELECT {groups}, count(*) AS found{least} FROM {table} WHERE {equal} GROUP BY {groups} ORDER BY found DESC, {groups} LIMIT $1;

-- name: advance_projections
-- Save what a batch made of several builds, and how far each is then, while its lease stands and it is where the batch began;
-- those that were saved. One statement for all, so that its transaction is short: it holds the horizon. What a crash of the
-- server takes back goes together, rows and cursors, and is folded again: so nothing waits for the disk.
WITH soon AS (
    SELECT set_config('synchronous_commit', 'off', true)
), wanted AS (
    SELECT w.* FROM soon, unnest(
        $1::text[], $2::text[], $3::bigint[], $4::interval[], $5::text[], $6::text[], $7::bigint[], $8::smallint[], $9::xid8[],
        $10::bigint[], $11::smallint[], $12::xid8[], $13::bigint[]
    ) AS w (lease, holder, token, ttl, build, state, events, from_epoch, from_xid, from_seq, epoch, xid, seq)
), led AS (
    UPDATE lease AS l SET expires_at = clock_timestamp() + w.ttl FROM wanted AS w
    WHERE l.name = w.lease AND l.holder = w.holder AND l.token = w.token
    RETURNING w.build
), there AS (
    SELECT p.build FROM projection AS p JOIN wanted AS w ON p.build = w.build AND p.state = w.state
    WHERE p.build IN (SELECT led.build FROM led) FOR UPDATE OF p
), moved AS (
    UPDATE cursor AS c SET epoch = w.epoch, xid = w.xid, seq = w.seq, saved_at = clock_timestamp() FROM wanted AS w
    WHERE c.name = 'projection/' || w.build AND (c.epoch, c.xid, c.seq) = (w.from_epoch, w.from_xid, w.from_seq)
      AND w.build IN (SELECT there.build FROM there)
    RETURNING w.build
), counted AS (
    UPDATE projection AS p SET events = p.events + w.events, failure = NULL FROM wanted AS w
    WHERE p.build = w.build AND w.build IN (SELECT moved.build FROM moved)
){tables}
SELECT build FROM moved;

-- name: advance_rows
-- Of it, what is done to the table of one build.
"gone_{build}" AS (
    DELETE FROM {table} AS t USING unnest({gone_arrays}) AS g ({key})
    WHERE {same_key} AND EXISTS (SELECT FROM moved WHERE build = '{build}')
), "put_{build}" AS (
    INSERT INTO {table} ({columns}) SELECT {values} FROM ROWS FROM ({elements}) AS p ({columns})
    WHERE EXISTS (SELECT FROM moved WHERE build = '{build}')
    ON CONFLICT ({key}) DO UPDATE SET {assignments}
)

-- name: stand_still
-- Remember which event a build cannot take.
UPDATE projection SET failure = $2::jsonb WHERE build = $1;

-- name: has_all
-- What lay in archives when it was made is in it.
UPDATE projection SET counts_from = NULL WHERE build = $1;

-- name: retire_build
-- The live build gives way, where the other one has seen at least as much.
UPDATE projection AS p SET state = 'retired'
FROM cursor AS old, cursor AS new
WHERE p.name = $1 AND p.state = 'live' AND old.name = 'projection/' || p.build AND new.name = 'projection/' || $2
  AND (new.epoch, new.xid, new.seq) >= (old.epoch, old.xid, old.seq)
RETURNING old.epoch, old.xid, old.seq;

-- name: raise_build
-- It is the live one from now on. What the one before it has told is not told again.
UPDATE projection SET state = 'live', switched_at = clock_timestamp(), quiet_epoch = $2, quiet_xid = $3, quiet_seq = $4
WHERE build = $1 AND state = 'building' RETURNING build;

-- name: reopen_build
-- A retired build is filled again.
UPDATE projection SET state = 'building', failure = NULL WHERE build = $1 AND state = 'retired' RETURNING build;

-- name: remove_build
-- It is no build any more.
DELETE FROM projection WHERE build = $1 AND state <> 'live' RETURNING build;

-- name: remove_build_cursor
-- Nor has it a cursor.
DELETE FROM cursor WHERE name = 'projection/' || $1;
