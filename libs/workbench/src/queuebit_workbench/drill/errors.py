"""Errors of the drills."""

from __future__ import annotations


class DrillFailed(Exception):
    """The drill did not come out as its page says."""
