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
-- data would exceed so many bytes, unless that is the first.
SELECT p.epoch, p.xid, p.seq, p.stream_id, p.version, p.type, p.schema_version, p.data, p.time, p.tenant, p.wanted, p.nth,
       p.found
FROM (
    SELECT cut.*, lead(cut.seq) OVER (ORDER BY cut.nth) IS NULL AS last
    FROM (
        SELECT page.*, page.type = ANY ($6::text[]) AS wanted, row_number() OVER in_order AS nth, count(*) OVER () AS found,
               sum(octet_length(page.data::text)) OVER in_order AS bytes
        FROM (
            SELECT one.* FROM unnest($1::text[]) AS wanted (category) CROSS JOIN LATERAL (
                SELECT epoch, xid, seq, stream_id, version, type, schema_version, data, time, tenant
                FROM event AS e
                WHERE e.category = wanted.category AND (epoch, xid, seq) > ($2::smallint, $3::xid8, $4::bigint)
                  AND (epoch, xid) < ((SELECT epoch FROM era), pg_snapshot_xmin(pg_current_snapshot()))
                ORDER BY epoch, xid, seq LIMIT $5
            ) AS one
            ORDER BY one.epoch, one.xid, one.seq LIMIT $5
        ) AS page
        WINDOW in_order AS (ORDER BY page.epoch, page.xid, page.seq)
    ) AS cut
    WHERE cut.bytes <= $7::bigint OR cut.nth = 1
) AS p
WHERE p.wanted OR p.last ORDER BY p.nth;

-- name: projection_rows
-- The rows of a build that have these keys.
SELECT {columns} FROM {table} JOIN unnest({key_arrays}) AS wanted ({key}) USING ({key});

-- name: advance_projection
-- Save what a batch made of a build, and how far it is then, while its lease stands and it is where the batch began; no row
-- otherwise. One statement, so that its transaction is short: it holds the horizon. What a crash of the server takes back goes
-- together, rows and cursor, and is folded again: so nothing waits for the disk.
WITH soon AS (
    SELECT set_config('synchronous_commit', 'off', true)
), led AS (
    UPDATE lease SET expires_at = clock_timestamp() + $4::interval FROM soon WHERE name = $1 AND holder = $2 AND token = $3
    RETURNING name
), there AS (
    SELECT build FROM projection WHERE build = $5 AND state = $6 AND EXISTS (SELECT FROM led) FOR UPDATE
), moved AS (
    UPDATE cursor SET epoch = $11::smallint, xid = $12::xid8, seq = $13::bigint, saved_at = clock_timestamp()
    WHERE name = 'projection/' || $5 AND (epoch, xid, seq) = ($8::smallint, $9::xid8, $10::bigint)
      AND EXISTS (SELECT FROM there)
    RETURNING name
), counted AS (
    UPDATE projection SET events = events + $7, failure = NULL WHERE build = $5 AND EXISTS (SELECT FROM moved)
), gone AS (
    DELETE FROM {table} AS t USING unnest({gone_arrays}) AS g ({key})
    WHERE {same_key} AND EXISTS (SELECT FROM moved)
), put AS (
    INSERT INTO {table} ({columns}) SELECT * FROM unnest({arrays}) AS p ({columns}) WHERE EXISTS (SELECT FROM moved)
    ON CONFLICT ({key}) DO UPDATE SET {assignments}
)
SELECT name FROM moved;

-- name: stand_still
-- Remember which event a build cannot take.
UPDATE projection SET failure = $2::jsonb WHERE build = $1;

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
