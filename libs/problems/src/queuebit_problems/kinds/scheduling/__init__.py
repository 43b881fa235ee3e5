"""Kinds about time."""

KINDS = ("job_shop",)
