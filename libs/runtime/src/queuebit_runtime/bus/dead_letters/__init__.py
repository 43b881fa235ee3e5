"""Dead letters: what a group could not read, kept as it came, with what waits behind it."""
