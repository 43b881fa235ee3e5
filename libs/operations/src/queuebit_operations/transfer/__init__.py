"""History as one file, with checksums, that any installation can open."""
