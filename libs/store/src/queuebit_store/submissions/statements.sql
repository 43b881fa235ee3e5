-- name: submissions_now
-- The clock that leases and due times are on.
SELECT clock_timestamp();

-- name: intend
-- Nothing changes where the key is known, or the round of the attempt under another key. A row of a transaction that ended meanwhile is not seen: the caller asks again.
WITH made AS (
    INSERT INTO submission (key, attempt_id, round, backend, request_hash, request, lineage, patient, regions, state, due_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'intended', clock_timestamp())
    ON CONFLICT DO NOTHING
    RETURNING *
), noted AS (
    INSERT INTO submission_note (key, epoch, owner, state, text)
    SELECT key, epoch, owner, state, 'It is to be handed in.' FROM made
)
SELECT key, attempt_id, round, backend, request_hash, state, created_at, updated_at, provider_id, fence, epoch, owner,
    lease_until, due_at, sent_at, unknown_since, misses, cancel_wanted, code, detail, lineage,
    queue_position, wait_s, action, reason, remedy, patient, regions FROM made
UNION ALL
(SELECT key, attempt_id, round, backend, request_hash, state, created_at, updated_at, provider_id, fence, epoch, owner,
    lease_until, due_at, sent_at, unknown_since, misses, cancel_wanted, code, detail, lineage,
    queue_position, wait_s, action, reason, remedy, patient, regions FROM submission
WHERE (key = $1 OR (attempt_id = $2 AND round = $3)) AND NOT EXISTS (SELECT FROM made) ORDER BY key = $1 DESC LIMIT 1);

-- name: claim_submission
-- Act on one submission, unless somebody else does.
UPDATE submission SET owner = $2, epoch = epoch + 1, lease_until = clock_timestamp() + $3::interval
WHERE key = $1 AND (lease_until IS NULL OR lease_until < clock_timestamp())
RETURNING key, attempt_id, round, backend, request_hash, state, created_at, updated_at, provider_id, fence, epoch, owner,
    lease_until, due_at, sent_at, unknown_since, misses, cancel_wanted, code, detail, lineage,
    queue_position, wait_s, action, reason, remedy, patient, regions;

-- name: claim_due_submission
-- A walk along what is due, from the oldest; rows that somebody claims at this moment are passed over.
UPDATE submission SET owner = $2, epoch = epoch + 1, lease_until = clock_timestamp() + $3::interval
WHERE key = (
    SELECT key FROM submission
    WHERE due_at <= now() AND (lease_until IS NULL OR lease_until < now()) AND backend = ANY ($1::text[])
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING key, attempt_id, round, backend, request_hash, state, created_at, updated_at, provider_id, fence, epoch, owner,
    lease_until, due_at, sent_at, unknown_since, misses, cancel_wanted, code, detail, lineage,
    queue_position, wait_s, action, reason, remedy, patient, regions;

-- name: save_submission
-- Write a row that is still claimed under the same epoch, and its note; no row where it is not. When it has ended, those that
-- wait for it are due.
WITH saved AS (
    UPDATE submission SET
        state = $3, provider_id = $4, fence = $5, sent_at = $7, unknown_since = $8, misses = $9,
        due_at = CASE
            WHEN cancel_wanted AND NOT $10 AND $3 NOT IN ('concluded', 'failed', 'cancelled') THEN clock_timestamp() ELSE $6
        END,
        cancel_wanted = cancel_wanted OR $10, code = $11, detail = $12, result = coalesce($13, result),
        queue_position = $17, wait_s = $18, action = $19, reason = $20, remedy = $21,
        owner = CASE WHEN $14 THEN NULL ELSE owner END, lease_until = CASE WHEN $14 THEN NULL ELSE lease_until END,
        charge_due_at = CASE
            WHEN $3 IN ('concluded', 'failed', 'cancelled') AND $4::text IS NOT NULL
                AND state NOT IN ('concluded', 'failed', 'cancelled')
            THEN clock_timestamp() ELSE charge_due_at
        END,
        updated_at = clock_timestamp()
    WHERE key = $1 AND epoch = $2
    RETURNING key, epoch, lineage
), woken AS (
    UPDATE attempt SET due_at = clock_timestamp(), wakes = wakes + 1
    WHERE lineage = (SELECT lineage FROM saved) AND due_at IS NOT NULL AND $3 IN ('concluded', 'failed', 'cancelled')
)
INSERT INTO submission_note (key, epoch, owner, state, text)
SELECT key, epoch, $15, $3, $16 FROM saved
RETURNING key;

-- name: submission
-- One row, without what it asks for and what came of it.
SELECT key, attempt_id, round, backend, request_hash, state, created_at, updated_at, provider_id, fence, epoch, owner,
    lease_until, due_at, sent_at, unknown_since, misses, cancel_wanted, code, detail, lineage,
    queue_position, wait_s, action, reason, remedy, patient, regions
FROM submission WHERE key = $1;

-- name: submission_request
-- What it asks for.
SELECT request FROM submission WHERE key = $1;

-- name: submission_result
-- What came of it.
SELECT result FROM submission WHERE key = $1;

-- name: list_submissions
-- A page, the youngest first, a walk along the time of creation.
SELECT key, attempt_id, round, backend, request_hash, state, created_at, updated_at, provider_id, fence, epoch, owner,
    lease_until, due_at, sent_at, unknown_since, misses, cancel_wanted, code, detail, lineage,
    queue_position, wait_s, action, reason, remedy, patient, regions
FROM submission
WHERE (cardinality($1::text[]) = 0 OR state = ANY ($1::text[])) AND created_at < coalesce($2, 'infinity'::timestamptz)
ORDER BY created_at DESC, key DESC LIMIT $3;

-- name: submission_notes
-- The history, the oldest first.
SELECT at, epoch, owner, state, text FROM submission_note WHERE key = $1 ORDER BY seq;

-- name: submissions_of
-- All that was handed in for one leg of a job, the oldest first.
SELECT key, attempt_id, round, backend, request_hash, state, created_at, updated_at, provider_id, fence, epoch, owner,
    lease_until, due_at, sent_at, unknown_since, misses, cancel_wanted, code, detail, lineage,
    queue_position, wait_s, action, reason, remedy, patient, regions
FROM submission WHERE lineage = $1 ORDER BY created_at, key;

-- name: forget_submissions
-- A walk along what was begun before, from the oldest; what somebody claims at this moment is passed over.
WITH gone AS (
    DELETE FROM submission WHERE key IN (
        SELECT old.key FROM submission AS old
        WHERE old.created_at < $1 AND old.updated_at < $1 AND old.due_at IS NULL
            AND old.state IN ('concluded', 'failed', 'cancelled')
            AND NOT EXISTS (SELECT FROM attempt WHERE attempt.lineage = old.lineage AND attempt.due_at IS NOT NULL)
        ORDER BY old.created_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) RETURNING key
), notes AS (
    DELETE FROM submission_note USING gone WHERE submission_note.key = gone.key
), seen AS (
    DELETE FROM submission_evidence USING gone WHERE submission_evidence.key = gone.key
)
SELECT key FROM gone;

-- name: hurry_submission
-- Have it looked at now. The late look at one that has ended keeps its time: sooner it would find nothing, and there is one.
UPDATE submission SET due_at = now()
WHERE key = $1 AND due_at IS NOT NULL AND state NOT IN ('concluded', 'failed', 'cancelled') RETURNING key;

-- name: want_cancelled
-- Nobody wants the results of a lineage.
UPDATE submission SET cancel_wanted = true, due_at = now()
WHERE lineage = $1 AND state NOT IN ('concluded', 'failed', 'cancelled') RETURNING key;
