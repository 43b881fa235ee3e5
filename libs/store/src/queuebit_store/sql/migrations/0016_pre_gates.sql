-- What is shared about providers: whether each backend answers, and how much of each account is in use. Code that runs already
-- knows nothing of it, and goes on as before.

CREATE TABLE provider_gate (
    backend text PRIMARY KEY,
    failures int NOT NULL DEFAULT 0,
    open_until timestamptz
);
COMMENT ON TABLE provider_gate IS 'The breaker of each backend that has not answered: so many silences in a row, and until when it is not asked.';

CREATE TABLE provider_account (
    account text PRIMARY KEY,
    holders uuid[] NOT NULL DEFAULT '{}',
    taken timestamptz[] NOT NULL DEFAULT '{}',
    closed_until timestamptz
);
COMMENT ON TABLE provider_account IS 'The submissions that hold a place of an account, when places were taken in the last minute, and until when there is none.';

ALTER TABLE submission ADD COLUMN patient boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN submission.patient IS 'It waits for its provider where that does not answer, instead of ending unsent.';
