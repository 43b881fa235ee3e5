"""`queuebit ops projections rebuild`: a new table is filled beside the live one, from archives and the log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o
from queuebit_operations.verbs.projections import Name, holder, store_of_env
from queuebit_operations.verbs.projections_acting import Apply, acting, silent, tell, would

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_domain.projections.projection import Projection
    from queuebit_operations.archiving.whole import Month
    from queuebit_operations.connections.store import OperatorStore
    from queuebit_operations.projections.building import Cancelled, Filled
    from queuebit_store.projections.port import Build


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("projections").command("rebuild")(rebuild)


def rebuild(
    name: Name,
    apply: Apply = False,
    reason: b.Reason = None,
    anew: Annotated[bool, typer.Option("--anew", help="Begin another build beside one that was begun before.")] = False,
    then_switch: Annotated[bool, typer.Option("--then-switch", help="Let it take over when it has caught up.")] = False,
    rate: Annotated[float | None, typer.Option("--rate", min=1, help="At most so many events a second.")] = None,
    archives: Annotated[
        Path | None,
        typer.Option(help="Where archived months lie now, if not where they were written.", metavar="FOLDER"),
    ] = None,
    without_archives: Annotated[
        bool, typer.Option("--without-archives", help="Leave out the jobs of months that lie in archives.")
    ] = False,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Fill a new table of a projection from the beginning of the log, beside the live one, which answers on.

    Months that lie in archives are read from their files first. One that was begun before goes on where it was, also after a
    kill. Nothing is told outside because of old events. Cancel it by `queuebit ops operations cancel`, from wherever; what is
    filled stays, to go on with or to drop.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_operations.projections import building

        b.need_reason(apply=apply, reason=reason)
        projection = building.declared(name)
        async with store_of_env() as store:
            wanted = _Wanted(anew, then_switch, rate, archives, without_archives)
            return await _rebuild(store, projection, wanted, apply, reason, actor, as_json=as_json)

    return run(work())


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How a projection is to be rebuilt."""

    anew: bool
    then_switch: bool
    rate: float | None
    archives: Path | None
    without_archives: bool


async def _rebuild(
    store: OperatorStore,
    projection: Projection,
    wanted: _Wanted,
    apply: bool,
    reason: str | None,
    actor: str | None,
    *,
    as_json: bool,
) -> ExitCode:
    import os

    from queuebit_client.cli.output import note
    from queuebit_operations.connections.locks import until_unlocked
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.projections import building
    from queuebit_operations.projections.reading import opened_reading
    from queuebit_runtime.clock import SystemClock

    name = projection.name
    begun = None if wanted.anew else building.unfinished(await store.builds(), projection)
    months, lacks = await _months(wanted, begun)
    async with opened_reading(postgres_settings(os.environ)) as reading:
        total = await reading.events_about() + sum(each.events for each in months)
    if not apply:
        what = f"go on with the build {begun.build}" if begun else f"begin a build of version {projection.version}"
        from_files = f", those of {len(months)} months from archives" if months else ""
        text = f"It would {what} of {name}, and read about {total} events{from_files}.{lacks and ' '}{lacks}"
        return would(text, name, as_json=as_json)
    arguments = {"projection": name, "anew": wanted.anew, "archives": [str(each.folder) for each in months]}
    async with acting(store, "projections rebuild", arguments, reason, actor) as (deed, cancelled):
        begin = partial(store.create_build, projection, live=False)
        build = await until_unlocked(SystemClock(), begin) if begun is None else begun
        # From now on nothing is taken out of the log that the build has not read; until now something may have been.
        months, lacks = await _months(wanted, build)
        if lacks:
            note(lacks)
        filled = await _filled(store, projection, build, months, wanted.rate, cancelled, total)
        deed.outcome = f"{filled.read} events read into {build.build}, {filled.per_s:.0f} a second"
        if await cancelled():
            note(f"{deed.outcome}. Cancelled: go on by the same command, or drop {build.build}.")
            return tell(filled.build, filled, as_json=as_json)
        if wanted.then_switch:
            live = await building.switch(store, SystemClock(), projection, filled.build, holder=holder(), told=silent)
            filled = replace(filled, build=live)
            deed.outcome += ", and it is live"
    note(f"{deed.outcome}.")
    if not wanted.then_switch:
        note(f"To let it take over: queuebit ops projections switch {name} --apply --reason 'why'")
    return tell(filled.build, filled, as_json=as_json)


async def _months(wanted: _Wanted, begun: Build | None) -> tuple[list[Month], str]:
    """The months that are read from files, and what is left out. Raises BadArgument and InConflict."""
    import os

    from queuebit_operations.archiving import whole
    from queuebit_operations.archiving.store import OUT, opened_archives
    from queuebit_operations.connections.store import postgres_settings

    if begun is not None and not whole.reads_archives(begun):
        return [], "" if begun.counts_from is None else _lacks(begun.counts_from)
    async with opened_archives(postgres_settings(os.environ)) as store:
        noted = await store.archives()
    if not wanted.without_archives:
        return whole.months_of(noted, wanted.archives), ""
    if begun is not None:
        whole.refuse_without(begun)
    out = [each.until for each in noted if each.state in OUT]
    return [], _lacks(max(out)) if out else ""


async def _filled(
    store: OperatorStore,
    projection: Projection,
    build: Build,
    months: Sequence[Month],
    rate: float | None,
    cancelled: Cancelled,
    total: int,
) -> Filled:
    """Fill it, and show how far it is."""
    from queuebit_operations.archiving.whole import WholeLog
    from queuebit_operations.connections.progress import Progress
    from queuebit_operations.projections import building
    from queuebit_runtime.clock import SystemClock

    clock = SystemClock()
    log = WholeLog(store, months, partial(store.has_all, build)) if months else None
    progress = Progress["Filled"](clock, lambda at: f"{at.read} of about {total} events, {at.per_s:.0f} a second")
    try:
        return await building.fill(
            store, clock, projection, build, holder=holder(), told=progress.tell, rate_per_s=rate, cancelled=cancelled,
            log=log,
        )  # fmt: skip
    finally:
        progress.end()


def _lacks(until: datetime) -> str:
    return (
        f"Jobs that began before {until:%Y-%m-%d} lie in archives and will not be in it: where they matter, begin another build"
        " with them (--anew, without --without-archives)."
    )
