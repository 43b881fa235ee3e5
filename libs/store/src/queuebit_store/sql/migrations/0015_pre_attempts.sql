-- Attempts that wait at providers, and submissions that outlive an attempt. Code that runs already knows nothing of the new
-- table and columns, and goes on as before.

ALTER TABLE submission ADD COLUMN lineage uuid;
ALTER TABLE submission ADD COLUMN queue_position int;
ALTER TABLE submission ADD COLUMN wait_s double precision;
ALTER TABLE submission ADD COLUMN action text;
ALTER TABLE submission ADD COLUMN reason text;
ALTER TABLE submission ADD COLUMN remedy text NOT NULL DEFAULT '';
COMMENT ON COLUMN submission.lineage IS 'The leg of the job that it was handed in for: every try of it finds it again.';
CREATE INDEX submission_lineage ON submission (lineage) WHERE lineage IS NOT NULL;

CREATE TABLE attempt (
    attempt_id uuid PRIMARY KEY,
    lineage uuid NOT NULL,
    number int NOT NULL,
    backend text NOT NULL,
    work_order bytea,
    journal bytea,
    awaits uuid,
    outcome bytea,
    signs int NOT NULL DEFAULT 0,
    wakes bigint NOT NULL DEFAULT 0,
    stop_wanted boolean NOT NULL DEFAULT false,
    epoch bigint NOT NULL DEFAULT 0,
    owner text,
    lease_until timestamptz,
    due_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((work_order IS NULL) = (due_at IS NULL))
) WITH (fillfactor = 70);
COMMENT ON TABLE attempt IS 'An order whose circuits wait at a provider: no process is held, and any may carry it on.';
CREATE INDEX attempt_due ON attempt (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX attempt_created ON attempt (created_at) WHERE due_at IS NOT NULL;
CREATE INDEX attempt_ended ON attempt (updated_at) WHERE due_at IS NULL;
CREATE INDEX attempt_lineage ON attempt (lineage, number);
