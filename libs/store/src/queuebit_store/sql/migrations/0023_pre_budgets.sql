-- What tenants may spend, what is set aside of it and what was spent; and what backends charge. Code that runs already knows nothing of
-- it: it charges nobody, and goes on as before.

CREATE TABLE budget (
    name text COLLATE "C" NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    purpose text NOT NULL,
    currency text NOT NULL,
    period text NOT NULL,
    lim numeric NOT NULL CHECK (lim >= 0),
    PRIMARY KEY (name, purpose, currency, period)
);
CREATE INDEX budget_by_tenant ON budget (tenant);
COMMENT ON TABLE budget IS 'What is granted: so much in each window of its period.';

CREATE TABLE budget_account (
    account text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    tenant text COLLATE "C" NOT NULL,
    purpose text NOT NULL,
    currency text NOT NULL,
    "window" text NOT NULL,
    resets_at timestamptz,
    lim numeric NOT NULL,
    reserved numeric NOT NULL DEFAULT 0,
    posted numeric NOT NULL DEFAULT 0,
    told smallint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX budget_account_by_tenant ON budget_account (tenant, account);
COMMENT ON TABLE budget_account IS 'A budget in one window: what it may spend, what is set aside, what was spent. Always what its entries add up to.';

CREATE TABLE budget_entry (
    entry_id uuid PRIMARY KEY,
    account text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    amount numeric NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    stream_id uuid,
    attempt_id uuid,
    leg text NOT NULL DEFAULT '',
    actor text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT ''
);
CREATE INDEX budget_entry_in_order ON budget_entry (at, entry_id);
COMMENT ON TABLE budget_entry IS 'Every line of the ledger, once. Those of jobs are written by the append of the events that say so.';

CREATE TABLE budget_hold (
    stream_id uuid NOT NULL,
    leg text NOT NULL,
    attempt_id uuid NOT NULL,
    amount numeric NOT NULL,
    accounts text[] NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stream_id, leg)
);
CREATE INDEX budget_hold_by_age ON budget_hold (since, stream_id);
COMMENT ON TABLE budget_hold IS 'What is set aside for a leg of a job now. It never ends by the clock.';

CREATE TABLE price (
    backend text COLLATE "C" PRIMARY KEY,
    currency text NOT NULL,
    task numeric NOT NULL DEFAULT 0 CHECK (task >= 0),
    shot numeric NOT NULL DEFAULT 0 CHECK (shot >= 0),
    second numeric NOT NULL DEFAULT 0 CHECK (second >= 0),
    actor text NOT NULL DEFAULT ''
);
COMMENT ON TABLE price IS 'What a backend charges for a task, a shot and a second of its processor, as an operator has written it down.';
