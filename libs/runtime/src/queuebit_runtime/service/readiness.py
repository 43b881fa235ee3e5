"""Whether work can flow through this process now: what stands in its way, or is late while it flows, and since when."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from queuebit_runtime.clock import Clock
from queuebit_runtime.waiting import end_task, wait_event

PROBE_INTERVAL_S = 1.0
PROBE_TIMEOUT_S = 2.0
"""How long a probe may take. With the interval it bounds how late an outage is told."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why no work can flow; of a `warning`, what is not as it should be while work flows.

    `code`: a short name for machines. `detail`: a sentence for a person, without secrets or payloads. `about`: figures and
    names behind it. `since` is filled in by `Readiness`: when it began, as long as the code stays the same.
    """

    code: str
    detail: str
    about: Mapping[str, str | int | float] = field(default_factory=dict)
    since: datetime | None = None
    warning: bool = False

    def document(self) -> dict[str, object]:
        """As `/ready` shows it."""
        since = None if self.since is None else self.since.isoformat(timespec="milliseconds")
        return {
            "code": self.code,
            "detail": self.detail,
            "since": since,
            **({"about": dict(self.about)} if self.about else {}),
        }


Probe = Callable[[], Awaitable[Reason | None]]
"""Looks whether something that the work needs is there: None where it is. Cheap, as it is asked each second."""


class Readiness:
    """The reasons of one process, by the name of what they are about."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reasons: dict[str, Reason] = {}
        self._probes: dict[str, Probe] = {}
        self._asking: dict[str, asyncio.Future[Reason | None]] = {}

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What stands in the way now, the oldest first; empty where nothing does."""
        return tuple(each for each in self._reasons.values() if not each.warning)

    @property
    def warnings(self) -> tuple[Reason, ...]:
        """What is not as it should be while work flows, the oldest first."""
        return tuple(each for each in self._reasons.values() if each.warning)

    def check(self, name: str, probe: Probe) -> None:
        """Ask this probe too. One that takes too long, or raises, is a reason itself."""
        assert name not in self._probes, name
        self._probes[name] = probe

    def settle(self, name: str, reason: Reason | None) -> None:
        """This is how it is now with `name`. A change is logged."""
        former = self._reasons.get(name)
        if reason is None:
            if former is not None:
                del self._reasons[name]
                _log.info("%s is over: %s", former.code, former.detail)
            return
        same = former is not None and former.code == reason.code
        if not same:
            self._reasons.pop(name, None)
            what = "Work flows, but" if reason.warning else "No work can flow:"
            _log.warning("%s %s: %s", what, reason.code, reason.detail)
        self._reasons[name] = replace(reason, since=former.since if same and former else self._clock.now())

    async def watch(self, stop: asyncio.Event) -> None:
        """Ask every probe each second until `stop`: one that hangs delays no other."""
        try:
            await asyncio.gather(stop.wait(), *(self._watch(name, stop) for name in self._probes))
        finally:
            for asking in self._asking.values():
                asking.cancel()

    async def _watch(self, name: str, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._ask(name)
            await wait_event(stop, self._clock, PROBE_INTERVAL_S)

    async def _ask(self, name: str) -> None:
        asking = self._asking.get(name)
        if asking is None:
            asking = self._asking[name] = asyncio.ensure_future(self._probes[name]())
        timer = asyncio.ensure_future(self._clock.sleep(PROBE_TIMEOUT_S))
        await asyncio.wait((asking, timer), return_when=asyncio.FIRST_COMPLETED)
        await end_task(timer)
        if not asking.done():
            # What ignores the cancellation is not asked a second time beside itself.
            asking.cancel()
            self.settle(
                name, Reason(f"{name}_silent", f"The check of {name} got no answer within {PROBE_TIMEOUT_S:g} s.")
            )
            return
        del self._asking[name]
        if asking.cancelled():
            return
        error = asking.exception()
        if error is None:
            self.settle(name, asking.result())
            return
        if all(each.code != f"{name}_unknown" for each in self._reasons.values()):
            _log.error("The check of %s failed.", name, exc_info=error)
        self.settle(name, Reason(f"{name}_unknown", f"The check of {name} failed: {type(error).__name__}."))
