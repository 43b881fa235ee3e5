"""Fences whose opening nobody heard of: its answer was lost, or whoever asked for it was gone before it was stored."""

from __future__ import annotations

import logging
from typing import Protocol, runtime_checkable

_log = logging.getLogger(__name__)


@runtime_checkable
class Sweeping(Protocol):
    """A provider at which such a fence may stand."""

    def sweep(self) -> tuple[str, ...]:
        """Close those that nobody will use any more, as often as that is worth a question: their ids. Raises AdapterError."""
        ...


def sweep(provider: object, backend: str) -> None:
    """Close those of a provider. What cannot be looked for now is looked for next time: no submission depends on it."""
    if not isinstance(provider, Sweeping):
        return
    try:
        closed = provider.sweep()
    except Exception as error:
        _log.warning("Fences that nobody uses could not be looked for at %s: %s", backend, error)
        return
    if closed:
        _log.warning("Closed at %s, for nobody heard of their opening: %s", backend, ", ".join(closed))
