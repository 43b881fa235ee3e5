-- name: reserve
-- Take the keys that are free and show the holder of the others. A key that another transaction takes at this very moment
-- is in neither answer, because this statement's snapshot is older: asking again shows it.
WITH wanted AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[])
        AS w (tenant, key, stream_id, fingerprint, created_at, question)
), taken AS (
    INSERT INTO idempotency (tenant, key, stream_id, fingerprint, created_at, question) SELECT * FROM wanted
    ON CONFLICT (tenant, key) DO NOTHING
    RETURNING tenant, key, stream_id, fingerprint, created_at, question
)
SELECT tenant, key, stream_id, fingerprint, created_at, question FROM taken
UNION ALL
SELECT i.tenant, i.key, i.stream_id, i.fingerprint, i.created_at, i.question
FROM wanted AS w JOIN idempotency AS i ON i.tenant = w.tenant AND i.key = w.key;

-- name: holder
-- What holds one key.
SELECT tenant, key, stream_id, fingerprint, created_at, question FROM idempotency WHERE tenant = $1 AND key = $2;

-- name: held_for
-- The key that is held for a stream.
SELECT tenant, key, stream_id, fingerprint, created_at, question FROM idempotency WHERE stream_id = $1 LIMIT 1;
