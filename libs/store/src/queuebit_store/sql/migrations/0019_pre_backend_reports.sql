-- How each backend reported itself last. Code that runs already knows nothing of it, and goes on as before.

CREATE TABLE backend_report (
    backend text COLLATE "C" PRIMARY KEY,
    reported_at timestamptz NOT NULL,
    status jsonb NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE backend_report IS 'The last BackendStatusReported of each backend, with the moment at which it was made.';
