"""Keeps the projections up to date beside the jobs, in small batches and within a share of the time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_runtime.clock import Clock
from queuebit_runtime.service.readiness import Reason
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import SILENT, Telemetry
from queuebit_runtime.waiting import wait_event
from queuebit_store.errors import StoreError, StoreUnavailable
from queuebit_store.projections.folding import sentence_of
from queuebit_store.projections.port import Build
from queuebit_store.projections.runner import ProjectionRunner, RunnerStore, Stepped

log = logging.getLogger(__name__)

INTERVAL_S = 1.0
BATCH_EVENTS = 2000
"""So many that most jobs are in one batch from their beginning to their end, and their rows are written once; few enough that
the transaction that saves them lasts some tens of milliseconds: it holds the horizon.
"""
RETRY_INTERVAL_S = 5.0
BESIDE = 2.0
"""Reading and saving cost about as much as folding."""
BUSY_LOAD = 0.4
"""A process that computes, or waits for a processor, for more than this part of the time has jobs to do first."""
QUIET = 8.0
"""A step that lasts longer than so many times what it folds found a process, or a database, that had much else to do."""
QUIET_SHARE = 0.2
MOMENT_S = 1e-3
LOOK_S = 0.1
"""For so long it is looked, right before a step, how busy the process is: what it was before says little of a burst of jobs."""


class ProjectionKeeper:
    """Works on what is live. Several may run: of each projection one at a time."""

    def __init__(
        self,
        store: RunnerStore,
        clock: Clock,
        *,
        holder: str,
        share: float = 0.01,
        telemetry: Telemetry = SILENT,
        demanded_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`share`: of the time, under load. `demanded_s`: how long the process has computed so far, or would have."""
        self._clock = clock
        self._share = share
        self._telemetry = telemetry
        self._runner = ProjectionRunner(store, PROJECTIONS, holder=holder, now=clock.now, monotonic_s=clock.monotonic_s)
        self._demanded_s = demanded_s
        self._full_s = 0.0
        """How long the last batch that was full took to fold: what comes of a burst of jobs."""
        self._stopped: dict[str, Build] = {}
        self._foreign: Sequence[Build] = ()
        self._trouble: StoreError | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Take events until `stop`. Each name of a projection that nobody has built yet is built from the beginning."""
        prepared = False
        while not stop.is_set():
            began_s = self._clock.monotonic_s()
            try:
                if not prepared:
                    await self._runner.prepare()
                    prepared = True
                stepped = await self._runner.step(limit=BATCH_EVENTS)
                self._measure(stepped)
                self._trouble = None
            except StoreError as error:
                log.warning("the projections wait: %s", error)
                self._trouble = None if error.transient else error
                await wait_event(stop, self._clock, RETRY_INTERVAL_S)
            else:
                await self._leave_to_jobs(stop, stepped, self._clock.monotonic_s() - began_s)
        try:
            await self._runner.release()
        except StoreUnavailable as error:
            log.warning("the projections end without giving their leases back: %s", error)

    async def standing(self) -> Reason | None:
        """Which projections of this process stand still, if any does: work flows all the same."""
        if self._trouble is not None:
            return Reason("projections_refused", f"No projection goes on: {self._trouble}", warning=True)
        for build in self._stopped.values():
            if build.failure is not None:
                detail = (
                    f"The projection {build.name} stands still before {sentence_of(build.failure)}. Look at the event with"
                    f" `queuebit ops replay inspect {build.failure.stream_id}`, run a release whose fold takes it, and it"
                    " goes on by itself; the other projections go on meanwhile."
                )
                about: dict[str, str | int | float] = {"projection": build.name, "build": build.build}
                return Reason("projection_stopped", detail, about, warning=True)
        for build in self._foreign:
            version = next(each.version for each in PROJECTIONS if each.name == build.name)
            detail = (
                f"The projection {build.name} is live in version {build.version}, and this release folds version {version}:"
                f" it waits for a process that folds {build.version}, or for `queuebit ops projections rebuild {build.name}"
                " --then-switch`."
            )
            return Reason("projection_waits", detail, {"projection": build.name, "build": build.build}, warning=True)
        return None

    async def _leave_to_jobs(self, stop: asyncio.Event, stepped: Stepped, took_s: float) -> None:
        """Return when the next step is due, by how busy the process is then: jobs may have come meanwhile, or all be done."""
        if stepped.more:
            self._full_s = stepped.busy_s
        ended_s, load = self._clock.monotonic_s(), 0.0
        while not stop.is_set():
            pause_s = pause_after(stepped, took_s, load, self._share, full_s=self._full_s)
            left_s = pause_s - (self._clock.monotonic_s() - ended_s)
            if left_s < MOMENT_S:
                return
            await wait_event(stop, self._clock, min(left_s, INTERVAL_S) - LOOK_S)
            load = await self._looked(stop, min(left_s, LOOK_S))

    async def _looked(self, stop: asyncio.Event, for_s: float) -> float:
        """For which part of so long a time the process computes, or would."""
        began_s, before_s = self._clock.monotonic_s(), self._demanded_s()
        await wait_event(stop, self._clock, for_s)
        return (self._demanded_s() - before_s) / max(self._clock.monotonic_s() - began_s, MOMENT_S)

    def _measure(self, stepped: Stepped) -> None:
        self._foreign = stepped.foreign
        for build in stepped.builds:
            if build.failure is None:
                self._stopped.pop(build.name, None)
            else:
                self._stopped[build.name] = build
        for name, count in stepped.events.items():
            if count:
                self._telemetry.count(Metric.PROJECTED, count, {"queuebit.projection": name})
        newest = stepped.newest
        age_s = 0.0 if newest is None else (self._clock.now() - newest).total_seconds()
        self._telemetry.observe(Metric.PROJECTION_AGE, age_s)
        self._telemetry.show(Metric.PROJECTION_STOPPED, {(name,): 1.0 for name in self._stopped})


def pause_after(stepped: Stepped, took_s: float, load: float, share: float, *, full_s: float = 0.0) -> float:
    """For how long to leave the process to its jobs: so that projections get their share, and more where it is quiet.
    `load`: for which part of the time the process computes, or would. `full_s`: how long it takes to fold a full batch, which
    is what the next one is where there is load.
    """
    quiet = load < BUSY_LOAD and took_s <= QUIET * stepped.busy_s
    busy_s = max(stepped.busy_s, full_s) if load >= BUSY_LOAD else stepped.busy_s
    beside_s = BESIDE * busy_s * (1 / (max(share, QUIET_SHARE) if quiet else share) - 1)
    return beside_s if stepped.more else max(INTERVAL_S, beside_s)
