"""What proves each submission: by name and hash, in the order in which it was seen."""
