"""The money of jobs: what is left for a decision, what goes into the ledger with it, and who settles what nobody reports."""
