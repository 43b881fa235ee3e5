-- name: charged
-- What an append says first where it charges accounts: $26 to $32 are the lines of the ledger. The accounts are locked in the order of their
-- ids, before any stream is: no two appends wait for each other. An account from which more is to be set aside than it has left takes none of
-- it, and the streams that asked for it do not pass.
WITH asked AS (
    SELECT unnest($26::uuid[]) AS stream_id, unnest($27::uuid[]) AS entry_id, unnest($28::text[]) AS account,
           unnest($29::text[]) AS kind, unnest($30::numeric[]) AS amount, unnest($31::uuid[]) AS attempt_id, unnest($32::text[]) AS leg
), locked AS MATERIALIZED (
    SELECT account, lim - reserved - posted AS room FROM budget_account
    WHERE account = ANY ($28::text[]) ORDER BY account FOR UPDATE
), wanted AS (
    SELECT account, sum(amount) FILTER (WHERE kind = 'RESERVE') AS needed FROM asked GROUP BY account
), refused AS (
    SELECT DISTINCT a.stream_id FROM asked AS a JOIN wanted AS w USING (account) LEFT JOIN locked AS l USING (account)
    WHERE a.kind = 'RESERVE' AND (l.room IS NULL OR l.room < w.needed)
),
-- name: affordable
-- What is not asked of the streams any more: those that cannot be paid for. The count reads every account, and so locks it, also where
-- nothing is to be set aside and nobody asks what is left.
WHERE g.stream_id NOT IN (SELECT stream_id FROM refused) AND (SELECT count(*) FROM locked) >= 0
-- name: booked
-- What an append says last where it charges accounts: the entries of the streams that passed, and what they make of the accounts. A leg
-- that is settled and tried again at once lets go first: the count makes it so.
, entered AS (
    INSERT INTO budget_entry (entry_id, account, kind, amount, stream_id, attempt_id, leg)
    SELECT entry_id, account, kind, amount, stream_id, attempt_id, leg FROM asked WHERE stream_id IN (SELECT stream_id FROM passed)
    ON CONFLICT (entry_id) DO NOTHING
    RETURNING account, kind, amount, stream_id, attempt_id, leg
), moved AS (
    UPDATE budget_account AS b SET reserved = b.reserved + m.set_aside, posted = b.posted + m.spent
    FROM (
        SELECT account,
               COALESCE(sum(amount) FILTER (WHERE kind = 'RESERVE'), 0)
               - COALESCE(sum(amount) FILTER (WHERE kind IN ('SETTLE', 'RELEASE')), 0) AS set_aside,
               COALESCE(sum(amount) FILTER (WHERE kind IN ('SETTLE', 'OVERRUN')), 0) AS spent
        FROM entered GROUP BY account
    ) AS m
    WHERE b.account = m.account
), let_go AS (
    DELETE FROM budget_hold AS h USING (SELECT DISTINCT stream_id, leg FROM entered WHERE kind IN ('SETTLE', 'RELEASE')) AS e
    WHERE h.stream_id = e.stream_id AND h.leg = e.leg
    RETURNING h.stream_id
), set_aside AS (
    INSERT INTO budget_hold (stream_id, leg, attempt_id, amount, accounts)
    SELECT stream_id, leg, attempt_id, min(amount), array_agg(account ORDER BY account) FROM entered
    WHERE kind = 'RESERVE' AND (SELECT count(*) FROM let_go) >= 0
    GROUP BY stream_id, leg, attempt_id
    ON CONFLICT (stream_id, leg) DO NOTHING
)
-- name: grant_budget
-- What is granted from now on, and the difference in the account of the present window, where that is open.
WITH granted AS (
    INSERT INTO budget (name, tenant, purpose, currency, period, lim) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (name, purpose, currency, period) DO UPDATE SET lim = excluded.lim
), before AS (
    SELECT account, lim FROM budget_account WHERE account = $7 FOR UPDATE
), changed AS (
    UPDATE budget_account SET lim = $6, told = 0 WHERE account = (SELECT account FROM before WHERE lim <> $6)
)
INSERT INTO budget_entry (entry_id, account, kind, amount, actor, reason)
SELECT gen_random_uuid(), account, 'GRANT', $6 - lim, $8, $9 FROM before WHERE lim <> $6;

-- name: end_budget
-- Bound no further.
DELETE FROM budget WHERE name = $1 AND purpose = $2 AND currency = $3 AND period = $4 RETURNING name;

-- name: budgets_of
-- The accounts of budgets in the present window. One that is not there yet is opened, and what it is given is its first entry. One that
-- somebody else opened meanwhile comes without figures: whoever asks again sees it.
WITH wanted AS (
    SELECT name, tenant, purpose, currency, lim, at."window", at.resets_at,
           name || ' ' || purpose || ' ' || currency || ' ' || at."window" AS account
    FROM budget
    JOIN (VALUES ('day', $2::text, $3::timestamptz), ('month', $4::text, $5::timestamptz), ('total', 'total', NULL::timestamptz))
        AS at (period, "window", resets_at) USING (period)
    WHERE tenant = ANY ($1::text[])
), opened AS (
    INSERT INTO budget_account (account, name, tenant, purpose, currency, "window", resets_at, lim)
    SELECT account, name, tenant, purpose, currency, "window", resets_at, lim FROM wanted AS w
    WHERE NOT EXISTS (SELECT FROM budget_account AS a WHERE a.account = w.account)
    ORDER BY account
    ON CONFLICT (account) DO NOTHING
    RETURNING account, name, purpose, currency, "window", resets_at, lim, reserved, posted, told
), noted AS (
    INSERT INTO budget_entry (entry_id, account, kind, amount, actor, reason)
    SELECT gen_random_uuid(), account, 'GRANT', lim, $6, $7 FROM opened
)
SELECT * FROM opened
UNION ALL
SELECT w.account, w.name, w.purpose, w.currency, w."window", w.resets_at, a.lim, a.reserved, a.posted, a.told
FROM wanted AS w LEFT JOIN budget_account AS a USING (account)
WHERE w.account NOT IN (SELECT account FROM opened)
ORDER BY account;

-- name: has_budgets
-- Whether anybody has a budget.
SELECT name FROM budget LIMIT 1;

-- name: accounts
-- All accounts, by id.
SELECT account, name, purpose, currency, "window", resets_at, lim, reserved, posted, told
FROM budget_account WHERE $1::text IS NULL OR tenant = $1 ORDER BY account LIMIT $2;

-- name: standing_budgets
-- The accounts of a tenant's budgets in the present window, whether somebody opened them or not. Nothing is written.
SELECT w.account, w.name, w.purpose, w.currency, w."window", w.resets_at, COALESCE(a.lim, w.lim),
       COALESCE(a.reserved, 0), COALESCE(a.posted, 0), COALESCE(a.told, 0::smallint)
FROM (
    SELECT b.name, purpose, currency, lim, at."window", at.resets_at,
           b.name || ' ' || purpose || ' ' || currency || ' ' || at."window" AS account
    FROM budget AS b
    JOIN (VALUES ('day', $2::text, $3::timestamptz), ('month', $4::text, $5::timestamptz), ('total', 'total', NULL::timestamptz))
        AS at (period, "window", resets_at) USING (period)
    WHERE tenant = $1
) AS w LEFT JOIN budget_account AS a USING (account)
ORDER BY w.account;

-- name: past_accounts
-- The accounts of a tenant of windows that are over, and of budgets that were ended, the latest first.
SELECT account, name, purpose, currency, "window", resets_at, lim, reserved, posted, told
FROM budget_account AS a
WHERE tenant = $1 AND NOT EXISTS (
    SELECT FROM budget AS b
    WHERE b.name = a.name AND b.purpose = a.purpose AND b.currency = a.currency
      AND a."window" = CASE b.period WHEN 'day' THEN $2::text WHEN 'month' THEN $3::text ELSE 'total' END
)
ORDER BY resets_at DESC NULLS FIRST, account LIMIT $4;

-- name: account
-- One account.
SELECT account, name, purpose, currency, "window", resets_at, lim, reserved, posted, told FROM budget_account WHERE account = $1;

-- name: entries_of_account
-- What was booked on one account, the latest first.
SELECT entry_id, account, kind, amount, at, stream_id, attempt_id, leg, actor, reason FROM budget_entry
WHERE account = $1 AND (at, entry_id) < (COALESCE($2::timestamptz, 'infinity'), COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY at DESC, entry_id DESC LIMIT $4;

-- name: holds_of_account
-- What is set aside on one account, the oldest first.
SELECT stream_id, leg, attempt_id, amount, accounts, since FROM budget_hold
WHERE split_part(split_part(accounts[1], ' ', 1), '/', 1) = $2 AND $1 = ANY (accounts)
ORDER BY since, stream_id, leg LIMIT $3;

-- name: open_reservations
-- What is set aside, the oldest first.
SELECT stream_id, leg, attempt_id, amount, accounts, since FROM budget_hold
WHERE ($1::text IS NULL OR split_part(split_part(accounts[1], ' ', 1), '/', 1) = $1)
  AND ($3::timestamptz IS NULL OR (since, stream_id, leg) > ($3, $4::uuid, $5::text))
ORDER BY since, stream_id, leg LIMIT $2;

-- name: sent_for
-- Of each lineage nothing of which lives, whether anything was sent.
SELECT lineage, COALESCE(bool_or(s.sent_at IS NOT NULL), false) AS sent
FROM unnest($1::uuid[]) AS wanted (lineage) LEFT JOIN submission AS s USING (lineage)
GROUP BY lineage
HAVING bool_and(s.key IS NULL OR s.state IN ('concluded', 'failed', 'cancelled'));

-- name: entries
-- What was booked in a span of time, the oldest first.
SELECT e.entry_id, e.account, e.kind, e.amount, e.at, e.stream_id, e.attempt_id, e.leg, e.actor, e.reason
FROM budget_entry AS e JOIN budget_account AS a USING (account)
WHERE ($1::text IS NULL OR a.tenant = $1) AND e.at >= COALESCE($2::timestamptz, '-infinity') AND e.at < COALESCE($3::timestamptz, 'infinity')
ORDER BY e.at, e.entry_id LIMIT $4;

-- name: set_price
-- What a backend charges from now on.
INSERT INTO price (backend, currency, task, shot, second, actor) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (backend) DO UPDATE
SET currency = excluded.currency, task = excluded.task, shot = excluded.shot, second = excluded.second, actor = excluded.actor;

-- name: drop_price
-- Forget what a backend charges.
DELETE FROM price WHERE backend = $1 RETURNING backend;

-- name: prices
-- What is known of prices.
SELECT backend, currency, task, shot, second, actor FROM price ORDER BY backend;

-- name: tell_thresholds
-- The accounts that have passed a threshold that was not told yet: each says the highest, once.
UPDATE budget_account AS b SET told = t.passed
FROM (
    SELECT account, max(percent) AS passed FROM budget_account, unnest($1::smallint[]) AS percent
    WHERE lim > 0 AND (reserved + posted) * 100 >= lim * percent AND percent > told
    GROUP BY account
) AS t
WHERE b.account = t.account AND b.told < t.passed
RETURNING b.account, b.name, b.purpose, b.currency, b."window", b.resets_at, b.lim, b.reserved, b.posted, b.told;
