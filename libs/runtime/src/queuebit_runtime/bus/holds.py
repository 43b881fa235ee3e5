"""Which groups of a process take nothing for now, and why."""

from __future__ import annotations

from queuebit_runtime.service.readiness import Reason


class Holds:
    """By group; the first that was said is told."""

    def __init__(self) -> None:
        self._reasons: dict[str, Reason] = {}

    def say(self, group: str, reason: Reason | None) -> None:
        """As `Bus.hold`."""
        if reason is None:
            self._reasons.pop(group, None)
        else:
            self._reasons[group] = reason

    @property
    def first(self) -> Reason | None:
        return next(iter(self._reasons.values()), None)
