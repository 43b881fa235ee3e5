-- The ledger is read account by account: the latest entries of one budget, however many others there are. Code that runs already goes on as
-- before.

CREATE INDEX budget_entry_by_account ON budget_entry (account, at DESC, entry_id DESC);
