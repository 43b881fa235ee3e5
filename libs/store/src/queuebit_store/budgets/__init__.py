"""What tenants may spend, what is set aside and what was spent: a ledger that is written by the very append that says so."""
