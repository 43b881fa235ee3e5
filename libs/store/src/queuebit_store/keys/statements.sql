-- name: tenant_secret
-- The wrapped key of a tenant.
SELECT tenant, master, wrapped FROM tenant_secret WHERE tenant = $1;

-- name: add_tenant_secret
-- Keep the wrapped key of a tenant, where it has none.
INSERT INTO tenant_secret (tenant, master, wrapped) VALUES ($1, $2, $3) ON CONFLICT (tenant) DO NOTHING;

-- name: live_key
-- The key that data of a subject is sealed with now, where it has one, beside what time it is.
SELECT k.key_id, k.tenant, k.subject, k.wrapped, k.created_at, k.since, k.destroyed_at, clock_timestamp() AS now
FROM (VALUES (1)) AS one LEFT JOIN subject_key AS k ON k.tenant = $1 AND k.subject = $2 AND k.destroyed_at IS NULL;

-- name: add_subject_key
-- Keep the wrapped key of a subject, where it has no live one.
INSERT INTO subject_key (key_id, tenant, subject, wrapped, created_at, since) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant, subject) WHERE destroyed_at IS NULL DO NOTHING;

-- name: subject_keys
-- Keys by their ids, also those that are destroyed.
SELECT key_id, tenant, subject, wrapped, created_at, since, destroyed_at FROM subject_key WHERE key_id = ANY ($1::uuid[]);

-- name: keys_of_subject
-- All keys that a subject ever had, the oldest first.
SELECT key_id, tenant, subject, wrapped, created_at, since, destroyed_at FROM subject_key
WHERE tenant = $1 AND subject = $2 ORDER BY created_at, key_id;

-- name: note_sealed
-- Remember which key the data of a job is sealed with.
INSERT INTO sealed_job (key_id, job_id) VALUES ($1, $2) ON CONFLICT (key_id, job_id) DO NOTHING;

-- name: sealed_jobs
-- The jobs whose data is sealed with one of some keys.
SELECT DISTINCT job_id FROM sealed_job WHERE key_id = ANY ($1::uuid[]) ORDER BY job_id;

-- name: keys_before
-- Live keys of an earlier day, the oldest first, from behind one.
SELECT key_id, tenant, subject, wrapped, created_at, since, destroyed_at FROM subject_key
WHERE destroyed_at IS NULL AND since < $1 AND (since, key_id) > ($2, $3) ORDER BY since, key_id LIMIT $4;

-- name: move_key
-- Keep the key of a later day in the place of an earlier one, unless somebody has, or it is destroyed.
UPDATE subject_key SET wrapped = $3, since = $4
WHERE key_id = $1 AND since = $2 AND destroyed_at IS NULL RETURNING key_id;

-- name: destroy_keys
-- Destroy the keys of a subject: the wrapped key leaves the row. VACUUM takes what is left of it out of the table.
UPDATE subject_key SET wrapped = NULL, destroyed_at = $3
WHERE tenant = $1 AND subject = $2 AND destroyed_at IS NULL RETURNING key_id;
