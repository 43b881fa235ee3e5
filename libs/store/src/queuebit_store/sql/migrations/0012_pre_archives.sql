-- Months of the log that lie in files. Code that runs already knows nothing of it and goes on as before.

CREATE TABLE archive (
    partition text PRIMARY KEY,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    digest text NOT NULL,
    folder text NOT NULL,
    events bigint NOT NULL,
    streams bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('written', 'detached', 'archived', 'restored')),
    actor text NOT NULL,
    reason text NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE archive IS 'Which partition was written where. Detached: its events are out, its heads are being dropped.';

CREATE FUNCTION take_out_event_partition(name text, events bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', name);
    EXECUTE format('SELECT count(*) FROM %I', name) INTO found;
    IF found <> events THEN
        RETURN false;
    END IF;
    EXECUTE format('ALTER TABLE event DETACH PARTITION %I', name);
    EXECUTE format('DROP TABLE %I', name);
    DELETE FROM event_partition AS p WHERE p.name = take_out_event_partition.name;
    UPDATE archive SET state = 'detached', noted_at = clock_timestamp() WHERE partition = name;
    RETURN true;
END
$$;

CREATE FUNCTION begin_event_restore(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('DROP TABLE IF EXISTS %I', name || '_restored');
    EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING DEFAULTS INCLUDING STORAGE INCLUDING COMPRESSION)', name || '_restored');
END
$$;

CREATE FUNCTION end_event_restore(name text, since timestamptz, until timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT add_event_partition(name, since, until) THEN
        RAISE EXCEPTION 'the log has a partition for that time already' USING ERRCODE = 'duplicate_table';
    END IF;
    EXECUTE format('INSERT INTO %I SELECT * FROM %I', name, name || '_restored');
    EXECUTE format('DROP TABLE %I', name || '_restored');
    UPDATE archive SET state = 'restored', noted_at = clock_timestamp() WHERE partition = name;
END
$$;
