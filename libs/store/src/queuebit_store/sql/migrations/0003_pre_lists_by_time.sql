-- Lists in the order of acceptance, and what is shown of a question that has no events yet.
-- Code that runs already goes on: its lists walk the new indexes by state or tenant and sort, until it is replaced.

CREATE INDEX stream_by_tenant_and_time ON stream (tenant, created_at, stream_id);
CREATE INDEX stream_by_state_and_time ON stream (tenant, state, created_at, stream_id);
DROP INDEX stream_by_tenant;
DROP INDEX stream_by_state;

ALTER TABLE idempotency ADD COLUMN question text;
COMMENT ON COLUMN idempotency.question IS 'The question in short, as JSON: for whoever asks before its first event is stored.';
CREATE INDEX idempotency_by_stream ON idempotency (stream_id);
