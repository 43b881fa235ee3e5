"""What proves an attempt, kept by its hash: what providers said, what ran, and what came of it."""
