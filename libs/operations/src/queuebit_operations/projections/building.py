"""Fills a build of a projection beside the live one, and lets it take over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from queuebit_contracts.streams import PUBLISHED
from queuebit_domain.projections.projection import Projection
from queuebit_domain.projections.registry import PROJECTIONS
from queuebit_operations.collector import calm
from queuebit_operations.connections.locks import until_unlocked
from queuebit_operations.errors import InConflict, NotThere
from queuebit_runtime.clock import Clock
from queuebit_store.diagnosis.port import Diagnosis
from queuebit_store.leadership.port import Leadership
from queuebit_store.projections.folding import sentence_of
from queuebit_store.projections.port import Build, BuildState, LogPages, Projections
from queuebit_store.projections.runner import TTL_S, ProjectionRunner, Stepped

PAGE_EVENTS = 4000
"""Few enough that a page is saved in some tens of milliseconds, for which its transaction holds the horizon."""
CATCH_UP_EVENTS_MAX = 200_000
"""So far behind a build may be that is switched to: what is left is read while whoever asked waits."""
SWITCH_TRIES = 20
ASKED_EVERY_S = 1.0
FREE_EVERY_S = 1.0
BUILDING: tuple[BuildState, ...] = ("building",)


class BuildStore(Projections, Leadership, Diagnosis, Protocol):
    """What is needed of the store."""


@dataclass(frozen=True, slots=True)
class Filled:
    """How far it is: the build, how many events were read since it was gone on with, and at how many a second."""

    build: Build
    read: int
    per_s: float


class BeingFilled(InConflict):
    """Another process holds the lease of a build."""


Cancelled = Callable[[], Awaitable[bool]]


def declared(name: str, projections: Sequence[Projection] = PROJECTIONS) -> Projection:
    """The projection of that name as this release has it. Raises NotThere."""
    for each in projections:
        if each.name == name:
            return each
    raise NotThere(
        f"There is no projection {name!r}.", remedy=f"This release has: {', '.join(each.name for each in projections)}."
    )


def named(builds: Sequence[Build], build: str) -> Build:
    """The build of that name. Raises NotThere."""
    for each in builds:
        if each.build == build:
            return each
    raise NotThere(f"There is no build {build!r}.", remedy="See: queuebit ops projections list")


def unfinished(builds: Sequence[Build], projection: Projection) -> Build | None:
    """The last build of this release's version that is neither live nor retired."""
    wanted = (projection.name, projection.version, "building")
    return next((each for each in reversed(builds) if (each.name, each.version, each.state) == wanted), None)


def live_of(builds: Sequence[Build], name: str) -> Build | None:
    """The build that answers what is asked of the projection."""
    return next((each for each in builds if (each.name, each.state) == (name, "live")), None)


async def fill(
    store: BuildStore,
    clock: Clock,
    projection: Projection,
    build: Build,
    *,
    holder: str,
    told: Callable[[Filled], None],
    rate_per_s: float | None = None,
    cancelled: Cancelled | None = None,
    log: LogPages | None = None,
) -> Filled:
    """Take the build forward until nothing is left to read, or until it is cancelled. After a kill the same goes on. `log`:
    what is read, where the store's own log is not all of it.

    Raises InConflict where another process works on it, or an event cannot be taken.
    """
    runner = ProjectionRunner(
        store, [projection], holder=holder, now=clock.now, monotonic_s=clock.monotonic_s, states=BUILDING,
        only=(build.build,), log=log, reads_ahead=True,
    )  # fmt: skip
    limit = PAGE_EVENTS if rate_per_s is None else max(1, min(PAGE_EVENTS, int(rate_per_s)))
    began_s = asked_s = clock.monotonic_s()
    filled = Filled(build, 0, 0.0)
    try:
        with calm():
            while True:
                stepped = await runner.step(limit=limit)
                filled = _after(filled, stepped, clock.monotonic_s() - began_s)
                told(filled)
                if not stepped.more:
                    return filled
                if cancelled is not None and clock.monotonic_s() >= asked_s + ASKED_EVERY_S:
                    asked_s = clock.monotonic_s()
                    if await cancelled():
                        return filled
                if rate_per_s is not None:
                    await clock.sleep(max(0.0, began_s + filled.read / rate_per_s - clock.monotonic_s()))
    finally:
        await asyncio.shield(runner.release())


def _after(filled: Filled, stepped: Stepped, took_s: float) -> Filled:
    if not stepped.builds:
        raise BeingFilled(
            f"The build {filled.build.build} is being filled by another process, or is gone.",
            remedy="Wait for it; one that died gives way within 30 s.",
        )
    (build,) = stepped.builds
    if build.failure is not None:
        raise InConflict(
            f"The projection {build.name} cannot take {sentence_of(build.failure)}.",
            remedy=f"Look at it: queuebit ops replay inspect {build.failure.stream_id}. A release that takes it goes on here.",
        )
    read = filled.read + stepped.read
    return replace(filled, build=build, read=read, per_s=read / took_s if took_s else 0.0)


async def switch(
    store: BuildStore,
    clock: Clock,
    projection: Projection,
    build: Build,
    *,
    holder: str,
    told: Callable[[Filled], None],
) -> Build:
    """Let the build read what is left, and take over. Raises InConflict where it is too far behind, or of another version."""
    if build.version != projection.version:
        raise InConflict(
            f"The build {build.build} is of version {build.version}; this release folds version {projection.version}.",
            remedy="Use the release that it was made with.",
        )
    behind = (await store.backlog(build.lease, count_max=CATCH_UP_EVENTS_MAX + 1, categories=PUBLISHED)).count
    if behind > CATCH_UP_EVENTS_MAX:
        raise InConflict(
            f"The build {build.build} is more than {CATCH_UP_EVENTS_MAX} events behind.",
            remedy=f"Let it catch up first: queuebit ops projections rebuild {build.name}",
        )
    if build.state == "retired" and not await store.reopen(build):
        raise InConflict(f"Somebody else changed {build.build} just now.", remedy="Look at it, and try again.")
    await _until_free(store, clock, build, holder)
    for _ in range(SWITCH_TRIES):
        filled = await fill(store, clock, projection, replace(build, state="building"), holder=holder, told=told)
        if await until_unlocked(clock, partial(store.switch, filled.build)):
            return replace(filled.build, state="live")
        await clock.sleep(0.05)
    raise InConflict(
        f"The build {build.build} does not come past the live one, or was changed meanwhile.", remedy="Try again."
    )


async def _until_free(store: BuildStore, clock: Clock, build: Build, holder: str) -> None:
    """Wait until whoever kept it up to date while it was live has let go: that one sees at its next step that it is live no
    more, and one that has died holds the lease no longer than its time. Raises BeingFilled.
    """
    until_s = clock.monotonic_s() + TTL_S + FREE_EVERY_S
    while (lease := await store.take(build.lease, holder, TTL_S)) is None:
        if clock.monotonic_s() >= until_s:
            raise BeingFilled(
                f"The build {build.build} is being filled by another process.",
                remedy="Let it end, or cancel it, and switch then.",
            )
        await clock.sleep(FREE_EVERY_S)
    await store.release(lease)
