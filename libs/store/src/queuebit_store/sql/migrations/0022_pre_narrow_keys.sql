-- API keys that may do less than their role, from fewer places. Code that runs already makes and reads keys as before, and lets
-- such a key do what its role allows: hand them out when all gateways are new.

ALTER TABLE api_key ADD COLUMN scopes text[] NOT NULL DEFAULT '{}', ADD COLUMN networks text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN api_key.scopes IS 'The actions that the key is narrowed to; empty, all that its role allows.';
COMMENT ON COLUMN api_key.networks IS 'The networks that the key may be used from, in CIDR; empty, any.';
