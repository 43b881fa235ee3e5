-- name: known_tenants
-- Those of the names that are tenants.
SELECT tenant FROM tenant WHERE tenant = ANY ($1::text[]);

-- name: add_tenant
-- Register a tenant; one that is registered already stays as it is.
INSERT INTO tenant (tenant, created_at) VALUES ($1, $2) ON CONFLICT (tenant) DO NOTHING;

-- name: find_keys
-- These API keys, as far as they are there.
SELECT key_id, tenant, role, secret_hash, created_at, expires_at, revoked_at, scopes, networks
FROM api_key WHERE key_id = ANY($1::text[]);

-- name: add_key
-- Store an API key.
INSERT INTO api_key (key_id, tenant, role, secret_hash, created_at, expires_at, revoked_at, scopes, networks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: list_keys
-- All API keys, or those of one tenant, the oldest first.
SELECT key_id, tenant, role, secret_hash, created_at, expires_at, revoked_at, scopes, networks
FROM api_key
WHERE tenant = COALESCE($1::text, tenant) ORDER BY created_at, key_id;

-- name: revoke_key
-- Revoke an API key that is not revoked yet.
UPDATE api_key SET revoked_at = $2 WHERE key_id = $1 AND revoked_at IS NULL RETURNING key_id;

-- name: expire_key
-- Let an API key end sooner.
UPDATE api_key SET expires_at = LEAST(COALESCE(expires_at, 'infinity'), $2) WHERE key_id = $1 AND revoked_at IS NULL
RETURNING key_id;
