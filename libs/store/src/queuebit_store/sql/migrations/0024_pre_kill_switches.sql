-- Kill switches: what is to stop at once, and what was out when somebody threw one. Code that runs already knows nothing of them: it is
-- stopped by their holds alone.

CREATE TABLE kill_switch (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mode text NOT NULL,
    scope text NOT NULL,
    value text NOT NULL,
    backends text[] NOT NULL,
    holds integer[] NOT NULL,
    lineages uuid[] NOT NULL DEFAULT '{}',
    actor text NOT NULL,
    reason text NOT NULL,
    thrown_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lifted_at timestamptz,
    lifted_by text
);
CREATE INDEX kill_switch_thrown ON kill_switch (number) WHERE lifted_at IS NULL;
COMMENT ON TABLE kill_switch IS 'Every kill switch that was thrown, with the holds that it placed and the legs that were out at its backends.';
