"""Errors of a run of chaos."""

from __future__ import annotations


class ChaosFailed(Exception):
    """The run could not go on: something did not come back that must."""
