-- API keys with a name, that are for the jobs of one project and environment, and of which it is known when they were last used.
-- Code that runs already makes and reads keys as before, and lets such a key ask for any environment: hand them out when all gateways
-- are new.

ALTER TABLE api_key
    ADD COLUMN name text NOT NULL DEFAULT '',
    ADD COLUMN project text,
    ADD COLUMN environment text,
    ADD COLUMN made_by text NOT NULL DEFAULT '',
    ADD COLUMN last_used_at timestamptz;
COMMENT ON COLUMN api_key.project IS 'The project whose jobs alone the key is for; none, any.';
COMMENT ON COLUMN api_key.environment IS 'The environment whose jobs alone the key is for; none, any.';
COMMENT ON COLUMN api_key.made_by IS 'The key, or the subject of a token, that made it by the API.';
COMMENT ON COLUMN api_key.last_used_at IS 'When it last opened, right to a minute or so.';
