"""Paths beside the jobs: how each stands, for which jobs it is drawn, and the pairs that jobs make for it."""
