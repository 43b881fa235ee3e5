"""Kinds about time."""

KINDS = ("flow_shop", "job_shop")
