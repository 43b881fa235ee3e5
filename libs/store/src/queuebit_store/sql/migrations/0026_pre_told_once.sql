-- What a submission used is told once, by the outcome of one attempt or late. Code that runs already counts as before: what it
-- counts stands as told by nobody that is known.

ALTER TABLE submission ADD COLUMN counted_by uuid;
ALTER TABLE submission ADD COLUMN told_qpu_s double precision;
ALTER TABLE submission ADD COLUMN told_shots bigint;
COMMENT ON COLUMN submission.counted_by IS 'The attempt whose outcome tells what it used.';
COMMENT ON COLUMN submission.told_qpu_s IS 'The seconds of a processor that are told late, and by no outcome; NULL where nothing is.';
COMMENT ON COLUMN submission.told_shots IS 'The shots that are told with them.';
