"""Which jobs a bulk verb is about."""
