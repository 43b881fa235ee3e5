"""A log that shows tampering: hashes over all that happened, kept where the database cannot reach."""
