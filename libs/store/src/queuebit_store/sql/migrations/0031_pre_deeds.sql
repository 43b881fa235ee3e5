-- What people did with a tenant's keys, webhooks and jobs, and who had sealed data opened. Code that runs already knows nothing of
-- it and goes on as before.

CREATE TABLE deed (
    tenant text NOT NULL,
    at timestamptz NOT NULL,
    deed_id uuid NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    about text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (tenant, at, deed_id)
);
COMMENT ON TABLE deed IS 'Who set about what, when and why: written before it is done. Services only add to it.';
