-- name: tenants
-- Who has deeds, one step of the key a tenant.
WITH RECURSIVE known AS (
    (SELECT tenant FROM deed ORDER BY tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT d.tenant FROM deed AS d WHERE d.tenant > k.tenant ORDER BY d.tenant LIMIT 1)
    FROM known AS k WHERE k.tenant IS NOT NULL
)
SELECT tenant FROM known WHERE tenant IS NOT NULL;

-- name: count_before
-- How many deeds of a tenant are of before a time.
SELECT count(*) FROM deed WHERE tenant = $1 AND at < $2;

-- name: forget_before
-- Forget the oldest so many of them.
DELETE FROM deed WHERE (tenant, at, deed_id) IN (
    SELECT tenant, at, deed_id FROM deed WHERE tenant = $1 AND at < $2 ORDER BY at, deed_id LIMIT $3);
