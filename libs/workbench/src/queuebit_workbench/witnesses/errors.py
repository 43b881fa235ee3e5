"""Errors of the witnesses."""

from __future__ import annotations


class WitnessMissing(Exception):
    """A witness cannot be had on this machine; the text says what is missing."""
