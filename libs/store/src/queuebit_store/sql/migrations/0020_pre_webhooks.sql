-- Webhooks: who is to be told of what, and what was sent. Code that runs already knows nothing of it and goes on as before.

CREATE TABLE webhook_endpoint (
    endpoint_id uuid PRIMARY KEY,
    tenant text NOT NULL REFERENCES tenant,
    url text NOT NULL,
    description text NOT NULL,
    rule text NOT NULL,
    secrets bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('enabled', 'paused', 'disabled')),
    why text NOT NULL,
    version integer NOT NULL,
    epoch smallint NOT NULL,
    xid xid8 NOT NULL,
    seq bigint NOT NULL,
    failing_since timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);
COMMENT ON TABLE webhook_endpoint IS 'Where a tenant is told of what happens: a reader of the log with a place of its own.';
COMMENT ON COLUMN webhook_endpoint.secrets IS 'What is signed with, sealed under a secret that the database does not hold.';
CREATE INDEX webhook_endpoint_by_tenant ON webhook_endpoint (tenant, created_at, endpoint_id);
CREATE INDEX webhook_endpoint_by_age ON webhook_endpoint (created_at, endpoint_id);

CREATE TABLE webhook_delivery (
    delivery_id uuid PRIMARY KEY,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoint ON DELETE CASCADE,
    tenant text NOT NULL,
    stream_id uuid NOT NULL,
    version integer NOT NULL,
    type text NOT NULL,
    event_at timestamptz NOT NULL,
    body text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'delivered', 'exhausted')),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz,
    claims integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    status integer,
    error text,
    took_ms integer,
    answer text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 70);
COMMENT ON TABLE webhook_delivery IS 'What is to be told to an endpoint, with its durable timer; what the last attempt came to.';
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_delivery_by_time ON webhook_delivery (endpoint_id, event_at, delivery_id);
CREATE INDEX webhook_delivery_by_age ON webhook_delivery (event_at);
