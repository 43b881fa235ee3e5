-- A head says of a stream what every category has: its state and when to look at it again. What else the streams of a category
-- are listed by are attributes, whose names the projection of the category declares. What one append says of a stream is one
-- value. Code that runs already goes on: it writes its columns as before, a trigger makes attributes of them, and it shows an
-- empty kind, tier and lane of jobs that newer code began, until it is replaced. Filling takes about ten seconds a million jobs.

CREATE TYPE event_payload AS (
    "at" integer,
    hash bytea
);
CREATE TYPE event_append AS (
    event_id uuid,
    type text,
    schema_version smallint,
    data json,
    "time" timestamptz,
    causation_id uuid,
    traceparent text,
    payload event_payload
);
CREATE TYPE stream_append AS (
    nth integer,
    stream_id uuid,
    tenant text,
    category text,
    expected_version integer,
    state text,
    wake_at timestamptz,
    attributes jsonb,
    rival_id uuid,
    events event_append[]
);

ALTER TABLE stream ADD COLUMN attributes jsonb;
COMMENT ON COLUMN stream.attributes IS 'What the streams of a category are listed by beside their state; each value is a text.';
UPDATE stream SET attributes = jsonb_build_object('kind', kind, 'tier', tier, 'lane', lane, 'fingerprint', fingerprint);
ALTER TABLE stream ALTER COLUMN attributes SET NOT NULL;
ALTER TABLE stream ALTER COLUMN kind SET DEFAULT '', ALTER COLUMN tier SET DEFAULT '', ALTER COLUMN lane SET DEFAULT '',
    ALTER COLUMN fingerprint SET DEFAULT '', ALTER COLUMN environment SET DEFAULT 'default';
ALTER TABLE event ALTER COLUMN environment SET DEFAULT 'default';

CREATE FUNCTION stream_attributes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.attributes := jsonb_build_object(
        'kind', NEW.kind, 'tier', NEW.tier, 'lane', NEW.lane, 'fingerprint', NEW.fingerprint
    );
    RETURN NEW;
END
$$;
CREATE TRIGGER stream_attributes BEFORE INSERT ON stream FOR EACH ROW WHEN (NEW.attributes IS NULL)
    EXECUTE FUNCTION stream_attributes();

-- Refusals become a category of their own, which an older relay does not read. So the relay has a cursor of a new name, which
-- begins here: what an older one passes over from now on is published by the next newer one, and the rest a second time.
INSERT INTO cursor (name, epoch, xid, seq) SELECT 'publisher', epoch, xid, seq FROM cursor WHERE name = 'relay';
