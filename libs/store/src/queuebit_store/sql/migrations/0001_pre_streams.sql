-- Streams, their events, and what must be as durable. Runs in the schema that the namespace names.

CREATE TABLE era (
    epoch smallint NOT NULL CHECK (epoch > 0),
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
COMMENT ON TABLE era IS 'The epoch that events are written in. Raised once after a restore that resets transaction ids.';
INSERT INTO era (epoch) VALUES (1);

CREATE TABLE stream (
    stream_id uuid PRIMARY KEY,
    category text NOT NULL,
    tenant text NOT NULL,
    environment text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    kind text NOT NULL,
    tier text NOT NULL,
    lane text NOT NULL,
    fingerprint text NOT NULL,
    wake_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE stream IS 'One row a stream: its version is what an append is compared with; the rest is folded from the events.';

-- Lists: a page of one tenant, newest first; and the same for one state of it.
CREATE INDEX stream_by_tenant ON stream (tenant, stream_id);
CREATE INDEX stream_by_state ON stream (tenant, state, stream_id);
CREATE INDEX stream_due ON stream (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE event (
    epoch smallint NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint GENERATED ALWAYS AS IDENTITY,
    stream_id uuid NOT NULL,
    version integer NOT NULL,
    schema_version smallint NOT NULL,
    event_id uuid NOT NULL,
    causation_id uuid,
    time timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    category text NOT NULL,
    tenant text NOT NULL,
    environment text NOT NULL,
    type text NOT NULL,
    traceparent text,
    data json NOT NULL,
    PRIMARY KEY (stream_id, version)
);
COMMENT ON TABLE event IS 'What happened, once and for ever. Also the outbox: ordered readers follow (epoch, xid, seq).';
COMMENT ON COLUMN event.data IS 'json and not jsonb, so that the text is kept byte for byte.';

-- The order over all events of a category. There is no unique index on event_id: it would cost a second random insert an
-- event, and (stream_id, version) with the compare-and-set already lets no event in twice.
CREATE UNIQUE INDEX event_in_order ON event (category, epoch, xid, seq);

CREATE TABLE idempotency (
    tenant text NOT NULL,
    key text NOT NULL,
    stream_id uuid NOT NULL,
    fingerprint text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, key)
);
COMMENT ON TABLE idempotency IS 'Which stream a tenant''s idempotency key stands for, and the request that took it.';

CREATE TABLE cursor (
    name text PRIMARY KEY,
    epoch smallint NOT NULL,
    xid xid8 NOT NULL,
    seq bigint NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);
COMMENT ON TABLE cursor IS 'How far each ordered reader came.';

CREATE TABLE tenant (
    tenant text PRIMARY KEY,
    created_at timestamptz NOT NULL
);

CREATE TABLE api_key (
    key_id text PRIMARY KEY,
    tenant text NOT NULL REFERENCES tenant,
    role text NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
);
COMMENT ON COLUMN api_key.secret_hash IS 'Keyed hash of the secret; the secret itself is never stored.';

-- Append-only and update-heavy tables are vacuumed and analysed by growth, not by share, so that plans stay fresh.
ALTER TABLE stream SET (autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE event SET (autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE cursor SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);
