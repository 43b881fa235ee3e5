-- name: writable
-- Whether this server takes writes.
SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' AS writable;

-- name: now
-- The moment on the server's clock.
SELECT clock_timestamp() AS now;

-- name: backlog
-- What a reader has before it from where its cursor was saved, and the first event that lies beyond the horizon.
WITH place AS (
    SELECT COALESCE(c.epoch, 0::smallint) AS epoch, COALESCE(c.xid, '0'::xid8) AS xid, COALESCE(c.seq, 0) AS seq
    FROM (VALUES ($1::text)) AS wanted (name) LEFT JOIN cursor AS c ON c.name = wanted.name
), unread AS (
    SELECT e.recorded_at FROM place AS p CROSS JOIN unnest($2::text[]) AS wanted (category) CROSS JOIN LATERAL (
        SELECT recorded_at FROM event
        WHERE category = wanted.category AND (epoch, xid, seq) > (p.epoch, p.xid, p.seq)
        ORDER BY epoch, xid, seq LIMIT $3
    ) AS e
)
SELECT p.epoch, p.xid, p.seq, u.waiting, u.oldest_age_s,
       extract(epoch FROM clock_timestamp() - (
           SELECT min(e.recorded_at) FROM unnest($2::text[]) AS wanted (category) CROSS JOIN LATERAL (
               SELECT recorded_at FROM event
               WHERE category = wanted.category
                 AND (epoch, xid) >= ((SELECT epoch FROM era), pg_snapshot_xmin(pg_current_snapshot()))
               ORDER BY epoch, xid, seq LIMIT 1
           ) AS e
       ))::double precision AS held_age_s
FROM place AS p CROSS JOIN (
    SELECT least(count(*), $3) AS waiting, extract(epoch FROM clock_timestamp() - min(recorded_at))::double precision AS oldest_age_s
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
