-- name: attempts_now
-- The clock that leases and due times are on.
SELECT clock_timestamp();

-- name: keep_attempt
-- Earlier tries of the lineage end, but for one whose outcome is stored: that is told first. Nothing changes where the attempt
-- is known. A row of a transaction that ended meanwhile is not seen: the caller asks again.
WITH made AS (
    INSERT INTO attempt (attempt_id, lineage, number, backend, work_order, told_as, journal, due_at)
    SELECT $1, $2, $3, $4, $5, $6, (
        SELECT before.journal FROM attempt AS before
        WHERE before.lineage = $2 AND before.number < $3 ORDER BY before.number DESC LIMIT 1
    ), clock_timestamp()
    ON CONFLICT DO NOTHING
    RETURNING *
), superseded AS (
    UPDATE attempt SET due_at = NULL, work_order = NULL, outcome = NULL, epoch = attempt.epoch + 1, updated_at = clock_timestamp()
    FROM made WHERE attempt.lineage = made.lineage AND attempt.number < made.number AND attempt.due_at IS NOT NULL
        AND attempt.outcome IS NULL
    RETURNING attempt.attempt_id
), uncounted AS (
    UPDATE submission SET counted = false, counted_by = NULL FROM superseded
    WHERE submission.lineage = $2 AND submission.counted_by = superseded.attempt_id
)
SELECT attempt_id, lineage, number, backend, created_at, updated_at, journal, awaits, outcome, signs, wakes, stop_wanted, epoch,
    owner, lease_until, due_at FROM made
UNION ALL
SELECT attempt_id, lineage, number, backend, created_at, updated_at, journal, awaits, outcome, signs, wakes, stop_wanted, epoch,
    owner, lease_until, due_at FROM attempt
WHERE attempt_id = $1 AND NOT EXISTS (SELECT FROM made);

-- name: claim_attempt
-- A walk along what is due, from the oldest; rows that somebody claims at this moment are passed over.
UPDATE attempt SET owner = $2, epoch = epoch + 1, lease_until = clock_timestamp() + $3::interval
WHERE attempt_id = (
    SELECT attempt_id FROM attempt
    WHERE due_at <= now() AND (lease_until IS NULL OR lease_until < now())
        AND (backend = ANY ($1::text[]) OR stop_wanted)
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING attempt_id, lineage, number, backend, created_at, updated_at, journal, awaits, outcome, signs, wakes, stop_wanted, epoch,
    owner, lease_until, due_at;

-- name: claim_kept
-- Carry on one attempt, unless somebody else does.
UPDATE attempt SET owner = $2, epoch = epoch + 1, lease_until = clock_timestamp() + $3::interval
WHERE attempt_id = $1 AND due_at IS NOT NULL AND (lease_until IS NULL OR lease_until < clock_timestamp())
RETURNING attempt_id, lineage, number, backend, created_at, updated_at, journal, awaits, outcome, signs, wakes, stop_wanted, epoch,
    owner, lease_until, due_at;

-- name: renew_attempt
-- Carry it on for longer, unless somebody else does or nobody wants it.
UPDATE attempt SET lease_until = clock_timestamp() + $3::interval
WHERE attempt_id = $1 AND epoch = $2 AND NOT stop_wanted AND due_at IS NOT NULL RETURNING attempt_id;

-- name: save_journal
-- What was found out on the way.
UPDATE attempt SET journal = $3, updated_at = clock_timestamp() WHERE attempt_id = $1 AND epoch = $2 RETURNING attempt_id;

-- name: save_attempt
-- Write a row that is still claimed under the same epoch. What happened to it since makes it due at once.
UPDATE attempt SET
    awaits = $3, outcome = $4, signs = $5, stop_wanted = stop_wanted OR $6,
    due_at = CASE WHEN wakes <> $7 THEN clock_timestamp() ELSE $8 END,
    owner = CASE WHEN $9 THEN NULL ELSE owner END, lease_until = CASE WHEN $9 THEN NULL ELSE lease_until END,
    updated_at = clock_timestamp()
WHERE attempt_id = $1 AND epoch = $2 AND due_at IS NOT NULL RETURNING attempt_id;

-- name: end_attempt
-- Nothing is left to do. $3: its outcome was told; where it was not, what it would have told is told by others.
WITH ended AS (
    UPDATE attempt SET
        due_at = NULL, work_order = NULL, outcome = NULL, owner = NULL, lease_until = NULL, updated_at = clock_timestamp()
    WHERE attempt_id = $1 AND epoch = $2 AND due_at IS NOT NULL RETURNING attempt_id, lineage
), uncounted AS (
    UPDATE submission SET counted = false, counted_by = NULL FROM ended
    WHERE NOT $3 AND submission.lineage = ended.lineage AND submission.counted_by = ended.attempt_id
)
SELECT attempt_id FROM ended;

-- name: count_uses
-- The outcome of a claimed attempt tells what these used, unless that of another one does.
WITH mine AS (
    SELECT attempt_id FROM attempt WHERE attempt_id = $1 AND epoch = $2 AND due_at IS NOT NULL FOR UPDATE
)
UPDATE submission SET counted = true, counted_by = mine.attempt_id FROM mine
WHERE submission.key = ANY ($3::uuid[]) AND (NOT submission.counted OR submission.counted_by = mine.attempt_id)
RETURNING submission.key, submission.told_qpu_s, submission.told_shots;

-- name: claim_charges
-- What has ended at a provider, and of whose attempts none goes on or may be followed by another one, or what is told late
-- and perhaps not published. Who gets a row looks after it; where that comes to nothing it is due again, the later the longer
-- that is so.
UPDATE submission AS charge SET charge_due_at =
    clock_timestamp() + greatest(interval '10 minutes', least(interval '1 day', (clock_timestamp() - charge.updated_at) * 0.5))
FROM (
    SELECT done.key, last.attempt_id, last.told_as
    FROM submission AS done LEFT JOIN LATERAL (
        SELECT attempt_id, told_as FROM attempt WHERE attempt.lineage = done.lineage ORDER BY number DESC LIMIT 1
    ) AS last ON true
    WHERE done.charge_due_at <= clock_timestamp() AND done.backend = ANY ($1::text[])
        AND done.state IN ('concluded', 'failed', 'cancelled')
        AND (done.told_qpu_s IS NOT NULL OR NOT EXISTS (
            SELECT FROM attempt
            WHERE attempt.lineage = done.lineage AND (attempt.due_at IS NOT NULL OR attempt.updated_at >= $2)
        ))
    ORDER BY done.charge_due_at LIMIT $3 FOR UPDATE OF done SKIP LOCKED
) AS found
WHERE charge.key = found.key
RETURNING charge.key, charge.backend, charge.provider_id, charge.state = 'concluded' AS concluded, charge.counted,
    charge.detail, found.attempt_id, found.told_as, charge.told_qpu_s, charge.told_shots;

-- name: note_late
-- So much is told late, unless the outcome of an attempt has come to tell it since, or it is told already.
UPDATE submission SET told_qpu_s = $3, told_shots = $4
WHERE key = $1 AND counted = $2 AND told_qpu_s IS NULL RETURNING key;

-- name: settle_charge
-- All that it used was told.
UPDATE submission SET charge_due_at = NULL WHERE key = $1;

-- name: attempt
-- One row, without its order.
SELECT attempt_id, lineage, number, backend, created_at, updated_at, journal, awaits, outcome, signs, wakes, stop_wanted, epoch,
    owner, lease_until, due_at FROM attempt WHERE attempt_id = $1;

-- name: attempt_order
-- The order as it came.
SELECT work_order FROM attempt WHERE attempt_id = $1;

-- name: stop_attempts
-- Nobody wants these any more.
UPDATE attempt SET stop_wanted = true, due_at = clock_timestamp(), wakes = wakes + 1
WHERE attempt_id = ANY ($1::uuid[]) AND due_at IS NOT NULL RETURNING attempt_id;

-- name: list_attempts
-- Those that have not ended, the oldest first.
SELECT attempt_id, lineage, number, backend, created_at, updated_at, journal, awaits, outcome, signs, wakes, stop_wanted, epoch,
    owner, lease_until, due_at FROM attempt WHERE due_at IS NOT NULL AND created_at < 'infinity' ORDER BY created_at LIMIT $1;

-- name: forget_attempts
-- A walk along those that ended, from the oldest.
DELETE FROM attempt WHERE attempt_id IN (
    SELECT attempt_id FROM attempt WHERE due_at IS NULL AND updated_at < $1 ORDER BY updated_at LIMIT $2
) RETURNING attempt_id;

-- name: cancel_orphans
-- What is on its way for attempts that have all ended a while ago. A walk along what is due.
UPDATE submission SET cancel_wanted = true, due_at = now() WHERE key IN (
    SELECT live.key FROM submission AS live
    WHERE live.due_at < 'infinity' AND live.lineage IS NOT NULL AND NOT live.cancel_wanted
        AND live.state NOT IN ('concluded', 'failed', 'cancelled')
        AND EXISTS (SELECT FROM attempt WHERE attempt.lineage = live.lineage)
        AND NOT EXISTS (
            SELECT FROM attempt
            WHERE attempt.lineage = live.lineage AND (attempt.due_at IS NOT NULL OR attempt.updated_at >= $1)
        )
    LIMIT $2
) RETURNING key;
