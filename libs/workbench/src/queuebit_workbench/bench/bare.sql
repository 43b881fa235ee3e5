-- name: tables
-- The bare event store, in a schema of its own.
DROP SCHEMA IF EXISTS bench_bare CASCADE;
CREATE SCHEMA bench_bare;
CREATE TABLE bench_bare.job (
    job_id uuid PRIMARY KEY,
    version integer NOT NULL,
    state text NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE bench_bare.event (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint GENERATED ALWAYS AS IDENTITY,
    job_id uuid NOT NULL,
    version integer NOT NULL,
    type text NOT NULL,
    data json NOT NULL,
    time timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (job_id, version)
);
CREATE UNIQUE INDEX event_in_order ON bench_bare.event (xid, seq);
CREATE TABLE bench_bare.cursor (name text PRIMARY KEY, xid xid8 NOT NULL, seq bigint NOT NULL);

-- name: drop
-- Leave nothing behind.
DROP SCHEMA IF EXISTS bench_bare CASCADE;

-- name: append
-- Compare-and-set every job of a batch, and store the events of those that passed.
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::text[]) AS g (job_id, expected, version, state)
), updated AS (
    UPDATE bench_bare.job AS j SET version = g.version, state = g.state
    FROM given AS g WHERE j.job_id = g.job_id AND j.version = g.expected
    RETURNING j.job_id
), created AS (
    INSERT INTO bench_bare.job (job_id, version, state)
    SELECT job_id, version, state FROM given WHERE expected = 0
    ON CONFLICT (job_id) DO NOTHING
    RETURNING job_id
), passed AS (
    SELECT job_id FROM updated UNION ALL SELECT job_id FROM created
), written AS (
    INSERT INTO bench_bare.event (job_id, version, type, data)
    SELECT e.job_id, e.version, e.type, e.data::json
    FROM unnest($5::uuid[], $6::integer[], $7::text[], $8::text[]) WITH ORDINALITY AS e (job_id, version, type, data, nth)
    WHERE CASE WHEN e.job_id IN (SELECT job_id FROM passed) THEN true ELSE false END
    ORDER BY e.nth
)
SELECT count(*) FROM passed;

-- name: read
-- The next events in order, below the horizon.
SELECT xid, seq, job_id, type, data FROM bench_bare.event
WHERE (xid, seq) > ($1::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY xid, seq LIMIT $3;

-- name: save_cursor
-- Remember how far the relay came.
INSERT INTO bench_bare.cursor (name, xid, seq) VALUES ('relay', $1, $2)
ON CONFLICT (name) DO UPDATE SET xid = excluded.xid, seq = excluded.seq;
