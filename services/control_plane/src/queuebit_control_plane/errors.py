"""Errors of the control plane."""

from __future__ import annotations


class ControlPlaneError(Exception):
    """The control plane could not go on."""

    transient = False


class Contended(ControlPlaneError):
    """Somebody else kept changing the same jobs; the messages are delivered again."""

    transient = True
