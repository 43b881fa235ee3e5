-- Keys of subjects: wrapped, so that a copy of the database opens nothing without the file of the master key. A subject has one
-- live key at a time; a destroyed one stays as a row without its key, so that what it sealed is known to be erased.
-- Code that runs already notices nothing.

CREATE TABLE tenant_secret (
    tenant text PRIMARY KEY,
    master text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE tenant_secret IS 'The key of each tenant, wrapped by the master key of this name.';

CREATE TABLE subject_key (
    key_id uuid PRIMARY KEY,
    tenant text NOT NULL,
    subject text NOT NULL,
    wrapped bytea,
    created_at timestamptz NOT NULL,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);
CREATE UNIQUE INDEX subject_key_live ON subject_key (tenant, subject) WHERE destroyed_at IS NULL;
CREATE INDEX subject_key_of_subject ON subject_key (tenant, subject, created_at, key_id);
COMMENT ON TABLE subject_key IS 'The key of each subject, wrapped by that of its tenant; gone where it was destroyed.';

CREATE TABLE sealed_job (
    key_id uuid NOT NULL REFERENCES subject_key,
    job_id uuid NOT NULL,
    PRIMARY KEY (key_id, job_id)
);
COMMENT ON TABLE sealed_job IS 'Which key the data of a job is sealed with.';
