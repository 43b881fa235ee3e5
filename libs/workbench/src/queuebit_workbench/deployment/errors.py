"""Errors of deployment files."""

from __future__ import annotations


class RenderFailed(Exception):
    """helm refuses the values, or cannot render the chart; the text is what it says."""
