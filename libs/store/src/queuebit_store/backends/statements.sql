-- name: keep_reports
-- The last report of each; what has not reported for long goes.
WITH forgotten AS (
    DELETE FROM backend_report WHERE reported_at < $4 AND backend <> ALL ($1::text[])
)
INSERT INTO backend_report AS kept (backend, reported_at, status)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::jsonb[])
ON CONFLICT (backend) DO UPDATE SET reported_at = excluded.reported_at, status = excluded.status
WHERE kept.reported_at < excluded.reported_at;

-- name: reported_backends
-- The last report of each, where nobody has built the projection of what ran there.
SELECT backend, reported_at, status, NULL::jsonb AS runs FROM backend_report ORDER BY backend LIMIT $1;

-- name: reported_backends_with_runs
-- The last report of each, and what our own attempts there took.
SELECT kept.backend, reported_at, status, runs
FROM backend_report AS kept LEFT JOIN projection_backend_runs AS ran ON ran.backend = kept.backend
ORDER BY kept.backend LIMIT $1;
