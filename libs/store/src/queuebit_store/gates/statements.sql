-- name: gate
-- How a backend has answered.
SELECT backend, failures, open_until FROM provider_gate WHERE backend = $1;

-- name: pass_gate
-- Where the time of an open breaker is over, one question goes through: who gets a row asks it.
UPDATE provider_gate SET open_until = clock_timestamp() + $2::interval
WHERE backend = $1 AND open_until IS NOT NULL AND open_until <= clock_timestamp() RETURNING backend;

-- name: note_answer
-- It has answered.
UPDATE provider_gate SET failures = 0, open_until = NULL
WHERE backend = $1 AND (failures > 0 OR open_until IS NOT NULL) RETURNING backend;

-- name: note_silence
-- It has not answered once more, or for so long that it weighs as much as several times. From the last that is borne on it is open, each time twice as long: then one more is one more, however long it hung.
INSERT INTO provider_gate AS gate (backend, failures, open_until)
VALUES ($1, least($5::int, $2), CASE WHEN $2 <= $5::int THEN clock_timestamp() + $3::interval END)
ON CONFLICT (backend) DO UPDATE SET
    failures = greatest(gate.failures + 1, least(gate.failures + $5::int, $2)),
    open_until = CASE
        WHEN gate.failures + $5::int >= $2
        THEN clock_timestamp() + least($3::interval * power(2, least(greatest(gate.failures + 1 - $2, 0), 20)), $4::interval)
        ELSE gate.open_until
    END
RETURNING backend, failures, open_until;

-- name: take_place
-- The lock on the row of the account parts those who ask at once; what has ended since gives its place back.
INSERT INTO provider_account AS account (account, holders, taken) VALUES ($1, ARRAY[$2::uuid], ARRAY[clock_timestamp()])
ON CONFLICT (account) DO UPDATE SET
    holders = ARRAY(
        SELECT holder FROM unnest(account.holders) AS holder
        WHERE holder <> $2 AND EXISTS (
            SELECT FROM submission WHERE key = holder AND state NOT IN ('concluded', 'failed', 'cancelled')
        )
    ) || $2::uuid,
    taken = ARRAY(
        SELECT moment FROM unnest(account.taken) AS moment WHERE moment > clock_timestamp() - interval '60 seconds'
    ) || clock_timestamp()
WHERE (account.closed_until IS NULL OR account.closed_until <= clock_timestamp())
    AND ($3 = 0 OR $3 > (
        SELECT count(*) FROM unnest(account.holders) AS holder
        WHERE holder <> $2 AND EXISTS (
            SELECT FROM submission WHERE key = holder AND state NOT IN ('concluded', 'failed', 'cancelled')
        )
    ))
    AND ($4 = 0 OR $4 > (
        SELECT count(*) FROM unnest(account.taken) AS moment WHERE moment > clock_timestamp() - interval '60 seconds'
    ))
RETURNING account;

-- name: list_gates
-- A row a backend that did not answer when it was last asked.
SELECT backend, failures, open_until FROM provider_gate WHERE failures > 0 OR open_until IS NOT NULL ORDER BY backend;

-- name: list_accounts
-- A row an account.
SELECT account, holders, closed_until FROM provider_account ORDER BY account;

-- name: close_account
-- The provider has said how long.
INSERT INTO provider_account AS account (account, closed_until) VALUES ($1, clock_timestamp() + $2::interval)
ON CONFLICT (account) DO UPDATE SET closed_until = greatest(account.closed_until, excluded.closed_until);

-- name: throw_switch
-- From now on nothing more is sent there.
INSERT INTO kill_switch (mode, scope, value, backends, holds, actor, reason) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING number;

-- name: note_out
-- What was out when a switch was thrown.
UPDATE kill_switch SET lineages = $2 WHERE number = $1 RETURNING number;

-- name: lift_switch
-- Things may be sent again.
UPDATE kill_switch SET lifted_at = clock_timestamp(), lifted_by = $2 WHERE number = $1 AND lifted_at IS NULL RETURNING number;

-- name: switches
-- All that were ever thrown.
SELECT number, mode, scope, value, backends, holds, lineages, actor, reason, thrown_at, lifted_at, lifted_by
FROM kill_switch ORDER BY number DESC LIMIT $1;

-- name: killed
-- The oldest switch that stops what would be sent to a backend now; one that names no backend stops what was out when it was thrown.
SELECT number FROM kill_switch
WHERE lifted_at IS NULL AND (backends && ARRAY[$1::text, '*'] OR (backends = '{}' AND $2::uuid = ANY (lineages))) ORDER BY number LIMIT 1;
