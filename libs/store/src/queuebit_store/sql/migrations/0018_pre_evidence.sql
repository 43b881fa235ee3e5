-- What was seen of each submission, by its hash. Code that runs already knows nothing of it, and goes on as before.

CREATE TABLE submission_evidence (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    epoch bigint NOT NULL,
    name text NOT NULL,
    sha256 text CHECK (length(sha256) = 64),
    bytes bigint NOT NULL,
    status int,
    kept boolean NOT NULL
);
COMMENT ON TABLE submission_evidence IS 'Requests and answers of providers, and the programs sent: the bytes are artifacts of this hash.';
CREATE INDEX submission_evidence_key ON submission_evidence (key, seq);
