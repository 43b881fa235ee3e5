"""Which backend serves which lane, how it is, and what fits it."""
