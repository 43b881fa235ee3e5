"""Whether a reader reads: what it says of itself when its loop ends, when Kafka refuses it, and when nothing moves."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from queuebit_runtime.bus.delivery import FAILING_S
from queuebit_runtime.clock import Clock
from queuebit_runtime.errors import BusError, InstanceTaken

_log = logging.getLogger(__name__)


class Liveness:
    """What is known of one reader's life."""

    def __init__(self, group: str, clock: Clock, stall_s: float) -> None:
        self.loop: asyncio.Task[Any] | None = None
        self._group = group
        self._clock = clock
        self._stall_s = stall_s
        self._refused_since_s: float | None = None
        self._broken = False
        self._taken: InstanceTaken | None = None
        self._doubted = False
        self._moved: tuple[object, ...] = ()
        self._moved_at_s = clock.monotonic_s()

    def answered(self) -> None:
        """A poll went well."""
        self._refused_since_s = None

    def refused(self, error: Exception) -> None:
        """The broker has answered that it gives nothing."""
        if self._refused_since_s is None:
            self._refused_since_s = self._clock.monotonic_s()
        _log.error("Kafka gives group %s nothing to read: %r", self._group, error)

    def broken(self) -> None:
        """Reading has ended. Called while an error is handled."""
        self._broken = True
        _log.exception(
            "Reading of group %s has ended: the process must be restarted. Where it ends so again, the error names the place:"
            " repair that partition, or move the group's offset past it.",
            self._group,
        )

    def taken(self, instance: str, by: str) -> None:
        """Another process has our instance id."""
        self._taken = InstanceTaken(
            f"Another live process took the group instance id {instance} of group {self._group}: {by}."
            " Stop one of the two, or give each its own QUEUEBIT_GROUP_INSTANCE (or none)."
        )

    def ensure_ours(self) -> None:
        """Raises InstanceTaken where another process has our instance id."""
        if self._taken is not None:
            raise self._taken

    def doubted(self, instance: str, by: str | None) -> None:
        """Somebody else has our instance id, and nobody knows yet whether it lives; none: nobody has it any more."""
        if by is not None and not self._doubted:
            words = "The group instance id %s of group %s is held by another: %s. We wait to see whether it lives."
            _log.warning(words, instance, self._group, by)
        self._doubted = by is not None

    @property
    def in_doubt(self) -> bool:
        """Whether we stand aside."""
        return self._doubted

    def excuse(self) -> None:
        """No broker answers: that nothing moves is no fault of ours."""
        self._moved_at_s = self._clock.monotonic_s()
        if self._refused_since_s is not None:
            self._refused_since_s = self._moved_at_s

    @property
    def refused_for_long(self) -> bool:
        return self._refused_for_s() >= FAILING_S

    def stuck(self, *, leaving: bool) -> BusError | None:
        """Why only a restart helps; nothing of what moves is looked at."""
        if self._taken is not None:
            return self._taken
        if self._broken:
            return BusError(f"Reading of group {self._group} has ended.")
        if self._refused_for_s() >= self._stall_s:
            return BusError(f"Kafka has refused group {self._group} for too long.")
        if self.loop is not None and self.loop.done() and not leaving:
            return BusError(f"The loop that reads for group {self._group} has ended.")
        return None

    def still(self, moved: tuple[object, ...], *, excused: bool) -> BusError | None:
        """Whether what moves where all is well has been the same for too long. Ask now and then."""
        now_s = self._clock.monotonic_s()
        if moved != self._moved or excused:
            self._moved, self._moved_at_s = moved, now_s
        if now_s - self._moved_at_s < self._stall_s:
            return None
        return BusError(f"Nothing moved in group {self._group} for too long.")

    def _refused_for_s(self) -> float:
        return 0.0 if self._refused_since_s is None else self._clock.monotonic_s() - self._refused_since_s
