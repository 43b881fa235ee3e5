-- name: note_deed
-- Keep what somebody set about.
INSERT INTO deed (deed_id, tenant, at, actor, action, about, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING;

-- name: deeds
-- A page of one tenant's deeds, the latest first.
SELECT deed_id, tenant, at, actor, action, about, reason FROM deed
WHERE tenant = $1
  AND (at, deed_id) < (COALESCE($3::timestamptz, 'infinity'), COALESCE($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  AND (cardinality($2::text[]) = 0 OR action = ANY ($2))
ORDER BY tenant DESC, at DESC, deed_id DESC LIMIT $5;
