-- Tables that are folded from the events of all jobs: which there are, and how each stands. The tables themselves are made when
-- a projection is built for the first time. Code that runs already knows nothing of it and goes on as before.

CREATE TABLE projection (
    build text PRIMARY KEY,
    name text NOT NULL,
    version integer NOT NULL,
    number integer NOT NULL,
    state text NOT NULL CHECK (state IN ('building', 'live', 'retired')),
    events bigint NOT NULL DEFAULT 0,
    quiet_epoch smallint NOT NULL,
    quiet_xid xid8 NOT NULL,
    quiet_seq bigint NOT NULL,
    counts_from timestamptz,
    failure jsonb,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    switched_at timestamptz,
    UNIQUE (name, version, number)
) WITH (fillfactor = 50);
COMMENT ON TABLE projection IS 'One row a table that is folded from events; its cursor is that of the name projection/<build>.';
COMMENT ON COLUMN projection.quiet_epoch IS 'Up to this position nothing is told outside: another build did, or nobody was to.';
COMMENT ON COLUMN projection.counts_from IS 'Streams that began before this lay in archives when it was built, and are not in it.';
CREATE UNIQUE INDEX projection_live ON projection (name) WHERE state = 'live';
