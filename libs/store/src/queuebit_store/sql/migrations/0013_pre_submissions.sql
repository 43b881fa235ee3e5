-- What was handed in at providers that charge for it. Code that runs already knows nothing of it and goes on as before.

CREATE TABLE submission (
    key uuid PRIMARY KEY,
    attempt_id uuid NOT NULL,
    round int NOT NULL CHECK (round >= 0),
    backend text NOT NULL,
    request_hash text NOT NULL,
    request bytea NOT NULL,
    result bytea,
    state text NOT NULL CHECK (
        state IN ('intended', 'submitting', 'unknown', 'following', 'succeeded', 'concluded', 'failed', 'cancelled')
    ),
    provider_id text,
    fence text,
    epoch bigint NOT NULL DEFAULT 0,
    owner text,
    lease_until timestamptz,
    due_at timestamptz,
    sent_at timestamptz,
    unknown_since timestamptz,
    misses int NOT NULL DEFAULT 0,
    cancel_wanted boolean NOT NULL DEFAULT false,
    code text,
    detail text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (attempt_id, round),
    CHECK (state NOT IN ('following', 'succeeded', 'concluded') OR provider_id IS NOT NULL),
    CHECK ((result IS NOT NULL) = (state = 'concluded'))
) WITH (fillfactor = 70);
COMMENT ON TABLE submission IS 'One round of one attempt at a provider: stored before it is sent, claimed by one owner at a time.';
CREATE INDEX submission_due ON submission (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX submission_created ON submission (created_at DESC, key DESC);
CREATE UNIQUE INDEX submission_provider_id ON submission (backend, provider_id) WHERE provider_id IS NOT NULL;

CREATE TABLE submission_note (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    epoch bigint NOT NULL,
    owner text,
    state text NOT NULL,
    text text NOT NULL
);
COMMENT ON TABLE submission_note IS 'The history of submissions: a line for every write, in the same transaction.';
CREATE INDEX submission_note_key ON submission_note (key, seq);
