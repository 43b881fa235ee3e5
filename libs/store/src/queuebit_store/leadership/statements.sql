-- name: take_lease
-- Take a name that is free, or whose time is over, or keep it; no row while somebody else has it. The token rises when the name
-- passes to another holder. Whoever only waits for the name writes nothing and locks nothing.
INSERT INTO lease AS l (name, holder, token, expires_at)
SELECT $1, $2, 1, clock_timestamp() + $3::interval
WHERE NOT EXISTS (SELECT FROM lease WHERE name = $1 AND holder <> $2 AND expires_at > clock_timestamp())
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, expires_at = excluded.expires_at,
    taken_at = CASE WHEN l.holder = excluded.holder THEN l.taken_at ELSE clock_timestamp() END,
    token = CASE WHEN l.holder = excluded.holder THEN l.token ELSE l.token + 1 END
WHERE l.holder = excluded.holder OR l.expires_at <= clock_timestamp()
RETURNING token;

-- name: release_lease
-- Let anybody have the name at once.
UPDATE lease SET holder = '', expires_at = '-infinity' WHERE name = $1 AND holder = $2 AND token = $3;
