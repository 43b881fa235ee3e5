-- Where the data of a submission may go: what is sent after a restart may find its account in another region. Code that runs
-- already stores none, and reads none.

ALTER TABLE submission ADD COLUMN regions text[];
COMMENT ON COLUMN submission.regions IS 'Where its data may go, as the job or the operator said when it was stored; anywhere where it is null, nowhere but here where it is empty.';
