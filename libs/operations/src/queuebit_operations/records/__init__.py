"""The records of topics, read from one offset to another and by nobody else: no group, no commit."""
