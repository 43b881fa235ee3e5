-- name: bound_transactions
-- Let the server end any transaction of this session that takes longer; for a session, whatever it does in between.
SELECT set_config('transaction_timeout', $1, false);

-- name: reader
-- The user that this one reads the rows of one tenant as, where there is one that sees them in all these tables (see
-- `access/roles.py`): users are those of the whole server, what they may do is said in each database.
SELECT u.rolname AS reader FROM pg_roles AS u
WHERE u.rolname = current_user || '_reader' AND pg_has_role(current_user, u.oid, 'MEMBER') AND cardinality($1::text[]) = (
    SELECT count(*) FROM pg_policies AS p
    WHERE p.schemaname = current_schema() AND p.tablename = ANY ($1) AND p.policyname = 'of_tenant' AND u.rolname = ANY (p.roles)
);

-- name: epoch_check
-- For each category the newest transaction id of the current epoch; one at or above the next id betrays a restore. So does an
-- epoch that began in another table than this. And which epoch that is, and whether all that runs can read events whose payloads
-- are stored apart.
WITH RECURSIVE category AS (
    (SELECT e.category FROM event AS e ORDER BY e.category LIMIT 1)
    UNION ALL
    SELECT (SELECT e.category FROM event AS e WHERE e.category > c.category ORDER BY e.category LIMIT 1)
    FROM category AS c WHERE c.category IS NOT NULL
)
SELECT bool_or(newest.xid >= pg_snapshot_xmax(pg_current_snapshot())) AS stale,
    (SELECT born_in <> tableoid FROM era) AS copied, (SELECT payloads_apart FROM era) AS payloads_apart,
    (SELECT epoch FROM era) AS epoch
FROM category AS c CROSS JOIN LATERAL (
    SELECT e.xid FROM event AS e WHERE e.category = c.category AND e.epoch = (SELECT epoch FROM era)
    ORDER BY e.epoch DESC, e.xid DESC, e.seq DESC LIMIT 1
) AS newest;

-- name: new_epoch
-- Begin the next epoch, later than one: everything stored so far precedes everything to come.
UPDATE era SET epoch = greatest(epoch, $1::smallint) + 1, born_in = tableoid RETURNING epoch;

-- name: lock_migrations
-- Only one process at a time migrates a namespace: whether it is this one. The lock ends with the session.
SELECT pg_try_advisory_lock(hashtextextended('queuebit migrations/' || $1, 0));

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
