"""Errors of deployment files."""

from __future__ import annotations


class RenderFailed(Exception):
    """helm refuses the values, or cannot render the chart; the text is what it says."""


class ServerFailed(Exception):
    """The API server ended or did not get ready; the text has its last lines."""
