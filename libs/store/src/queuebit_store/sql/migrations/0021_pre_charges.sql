-- What was used of a provider and told by no attempt. Code that runs already knows nothing of the new columns: what ends
-- through it is not looked after, as before.

ALTER TABLE submission ADD COLUMN counted boolean NOT NULL DEFAULT false;
ALTER TABLE submission ADD COLUMN charge_due_at timestamptz;
COMMENT ON COLUMN submission.counted IS 'Whether the outcome of an attempt has told what it used, as far as that was known then.';
COMMENT ON COLUMN submission.charge_due_at IS 'When somebody has to look whether all that it used was told; NULL where nobody has to.';
CREATE INDEX submission_charge_due ON submission (charge_due_at) WHERE charge_due_at IS NOT NULL;

ALTER TABLE attempt ADD COLUMN told_as bytea;
COMMENT ON COLUMN attempt.told_as IS 'As whose it tells of itself: the order is forgotten at its end, and what it used may be known later.';
