-- What is large is stored apart, in pieces and before the event that names it: so no transaction is open for long, and what
-- several events of a stream hold is there once. Code that runs already could not read such an event: a store that has events
-- begins with it when the migration 0006 says that none of that code runs any more; an empty one begins at once.

CREATE TABLE payload (
    stream_id uuid NOT NULL,
    hash bytea NOT NULL,
    part integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (stream_id, hash, part)
);
COMMENT ON TABLE payload IS 'Large parts of the data of events, by stream and SHA-256, in pieces. The last piece is written last.';

DO $$
BEGIN
    IF (SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression') THEN
        ALTER TABLE payload ALTER COLUMN data SET COMPRESSION lz4;
    ELSE
        ALTER TABLE payload ALTER COLUMN data SET STORAGE EXTERNAL;
    END IF;
END
$$;

ALTER TABLE event ADD COLUMN payload_at integer, ADD COLUMN payload_hash bytea;
COMMENT ON COLUMN event.payload_at IS 'Where in the data a null stands for the payload, in characters; NULL where the data is whole.';

CREATE FUNCTION event_data(stream_id uuid, data json, payload_at integer, payload_hash bytea) RETURNS text STABLE
RETURN CASE WHEN payload_at IS NULL THEN data::text ELSE COALESCE(
    substr(data::text, 1, payload_at)
    || convert_from((
        SELECT string_agg(p.data, ''::bytea ORDER BY p.part) FROM payload AS p
        WHERE p.stream_id = event_data.stream_id AND p.hash = event_data.payload_hash
    ), 'UTF8')
    || substr(data::text, payload_at + length('null') + 1),
    data::text) END;
COMMENT ON FUNCTION event_data IS 'The whole data of an event, for whoever reads by SQL; without its payload where that is gone.';

ALTER TABLE era ADD COLUMN payloads_apart boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN era.payloads_apart IS 'Whether large parts of events are stored apart: whatever runs can read them so.';
UPDATE era SET payloads_apart = NOT EXISTS (SELECT FROM event);
