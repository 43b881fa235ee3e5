"""Errors of the week."""

from __future__ import annotations


class WeekFailed(Exception):
    """The run could not go on: something did not come that must."""
