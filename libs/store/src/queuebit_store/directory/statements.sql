-- name: known_tenants
-- Those of the names that are tenants.
SELECT tenant FROM tenant WHERE tenant = ANY ($1::text[]);

-- name: add_tenant
-- Register a tenant; one that is registered already stays as it is.
INSERT INTO tenant (tenant, created_at) VALUES ($1, $2) ON CONFLICT (tenant) DO NOTHING;

-- name: find_keys
-- These API keys, as far as they are there.
SELECT key_id, tenant, role, secret_hash, created_at, expires_at, revoked_at, scopes, networks, name, project, environment, made_by,
    last_used_at
FROM api_key WHERE key_id = ANY($1::text[]);

-- name: add_key
-- Store an API key.
INSERT INTO api_key (key_id, tenant, role, secret_hash, created_at, expires_at, revoked_at, scopes, networks, name, project, environment, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: list_keys
-- All API keys, or those of one tenant, the oldest first.
SELECT key_id, tenant, role, secret_hash, created_at, expires_at, revoked_at, scopes, networks, name, project, environment, made_by,
    last_used_at
FROM api_key
WHERE tenant = COALESCE($1::text, tenant) ORDER BY created_at, key_id;

-- name: use_keys
-- When API keys were last used; an earlier time changes nothing. In the order of their ids, so that two gateways never wait for each
-- other.
UPDATE api_key SET last_used_at = used.at
FROM (SELECT k.key_id, u.at FROM api_key AS k JOIN unnest($1::text[], $2::timestamptz[]) AS u (key_id, at) ON u.key_id = k.key_id
      WHERE k.last_used_at IS NULL OR k.last_used_at < u.at ORDER BY k.key_id FOR UPDATE OF k) AS used
WHERE api_key.key_id = used.key_id;

-- name: revoke_key
-- Revoke an API key that is not revoked yet.
UPDATE api_key SET revoked_at = $2 WHERE key_id = $1 AND revoked_at IS NULL RETURNING key_id;

-- name: expire_key
-- Let an API key end sooner.
UPDATE api_key SET expires_at = LEAST(COALESCE(expires_at, 'infinity'), $2) WHERE key_id = $1 AND revoked_at IS NULL
RETURNING key_id;
