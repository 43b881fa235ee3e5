"""Projections: tables folded from the log in its order, each event exactly once."""
