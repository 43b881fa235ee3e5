-- Events lie in partitions by the month in which their stream began: ids begin with the time, and all events of a stream lie
-- together. What is older than all months, or has no time in its id, lies in event_before; what is newer than the months that
-- have a partition yet lies in event_elsewhere until they get one. A store that has events is read once to check that they fit:
-- about a second a million events, in which nothing is appended. Code that runs already notices nothing else.

CREATE TABLE event_partition (
    name text PRIMARY KEY,
    from_id uuid NOT NULL,
    until_id uuid NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (from_id < until_id)
);
COMMENT ON TABLE event_partition IS 'The partitions of event, but for event_elsewhere: streams from one id on, up to another.';

CREATE FUNCTION stream_bound(at timestamptz) RETURNS uuid IMMUTABLE
RETURN (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
COMMENT ON FUNCTION stream_bound IS 'No id that begins with this moment or a later one is smaller.';

CREATE SEQUENCE event_seq AS bigint;
SELECT setval('event_seq', nextval(pg_get_serial_sequence('event', 'seq')));
ALTER TABLE event ALTER COLUMN seq DROP IDENTITY;
ALTER TABLE event RENAME TO event_before;
ALTER INDEX event_pkey RENAME TO event_before_pkey;
ALTER INDEX event_in_order RENAME TO event_before_in_order;
ALTER INDEX event_by_time RENAME TO event_before_by_time;
CREATE TABLE event (
    LIKE event_before INCLUDING DEFAULTS INCLUDING COMMENTS INCLUDING STORAGE INCLUDING COMPRESSION,
    PRIMARY KEY (stream_id, version)
) PARTITION BY RANGE (stream_id);
ALTER TABLE event ALTER COLUMN seq SET DEFAULT nextval('event_seq');
ALTER SEQUENCE event_seq OWNED BY event.seq;
COMMENT ON TABLE event IS 'What happened, once and for ever. Also the outbox: ordered readers follow (epoch, xid, seq).';

-- There is no index over all partitions beside the key: each has its own, and is attached with it.
CREATE FUNCTION prepare_event_partition(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE UNIQUE INDEX %I ON %I (category, epoch, xid, seq)', name || '_in_order', name);
    EXECUTE format('CREATE INDEX %I ON %I USING brin (time) WITH (pages_per_range = 32, autosummarize = on)',
                   name || '_by_time', name);
    EXECUTE format('ALTER TABLE %I SET (autovacuum_analyze_scale_factor = 0.05)', name);
END
$$;

CREATE FUNCTION add_event_partition(name text, since timestamptz, until timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    low uuid := stream_bound(since);
    high uuid := stream_bound(until);
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '/event partitions', 0));
    IF EXISTS (SELECT FROM event_partition AS p WHERE p.from_id < high AND p.until_id > low) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING ALL)', name);
    PERFORM prepare_event_partition(name);
    LOCK TABLE event_elsewhere IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('WITH moved AS (DELETE FROM event_elsewhere WHERE stream_id >= %L AND stream_id < %L RETURNING *)
                    INSERT INTO %I SELECT * FROM moved', low, high, name);
    EXECUTE format('ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, low, high);
    INSERT INTO event_partition VALUES (name, low, high, since, until);
    RETURN true;
END
$$;
COMMENT ON FUNCTION add_event_partition IS 'Makes a partition, where none covers any of its ids; false where one does.';

CREATE TABLE event_elsewhere PARTITION OF event DEFAULT;
SELECT prepare_event_partition('event_elsewhere');

DO $$
DECLARE
    month timestamptz := date_trunc('month', now(), 'UTC');
    until timestamptz;
BEGIN
    IF EXISTS (SELECT FROM event_before) THEN
        until := date_trunc('month', month + interval '40 days', 'UTC');
        WITH ahead AS (DELETE FROM event_before WHERE stream_id >= stream_bound(until) RETURNING *)
        INSERT INTO event_elsewhere SELECT * FROM ahead;
        ALTER TABLE event_before ALTER COLUMN seq SET DEFAULT nextval('event_seq');
    ELSE
        until := month;
        DROP TABLE event_before;
        CREATE TABLE event_before (LIKE event INCLUDING ALL);
        PERFORM prepare_event_partition('event_before');
    END IF;
    EXECUTE format('ALTER TABLE event ATTACH PARTITION event_before FOR VALUES FROM (MINVALUE) TO (%L)', stream_bound(until));
    INSERT INTO event_partition
    VALUES ('event_before', '00000000-0000-0000-0000-000000000000', stream_bound(until), '-infinity', until);
END
$$;
