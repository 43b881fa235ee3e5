"""`queuebit ops projections rebuild`, `switch` and `drop`: filled beside the live one, then in its place, then gone."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o
from queuebit_operations.verbs.projections import Name, holder, store_of_env

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_domain.projections.projection import Projection
    from queuebit_operations.connections.store import OperatorStore
    from queuebit_operations.projections.building import Cancelled, Filled
    from queuebit_store.projections.port import Build

_Apply = Annotated[bool, typer.Option("--apply/--dry-run", help="Do it; else it is only told what would be done.")]


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("projections")
    group.command("rebuild")(rebuild)
    group.command("switch")(switch)
    group.command("drop")(drop)


def rebuild(
    name: Name,
    apply: _Apply = False,
    reason: b.Reason = None,
    anew: Annotated[bool, typer.Option("--anew", help="Begin another build beside one that was begun before.")] = False,
    then_switch: Annotated[bool, typer.Option("--then-switch", help="Let it take over when it has caught up.")] = False,
    rate: Annotated[float | None, typer.Option("--rate", min=1, help="At most so many events a second.")] = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Fill a new table of a projection from the beginning of the log, beside the live one, which answers on.

    One that was begun before goes on where it was, also after a kill. Nothing is told outside because of old events. Cancel it
    by `queuebit ops operations cancel`, from wherever; what is filled stays, to go on with or to drop.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_operations.projections import building

        b.need_reason(apply=apply, reason=reason)
        projection = building.declared(name)
        async with store_of_env() as store:
            return await _rebuild(store, projection, apply, reason, anew, then_switch, rate, actor, as_json=as_json)

    return run(work())


async def _rebuild(
    store: OperatorStore,
    projection: Projection,
    apply: bool,
    reason: str | None,
    anew: bool,
    then_switch: bool,
    rate: float | None,
    actor: str | None,
    *,
    as_json: bool,
) -> ExitCode:
    import os

    from queuebit_client.cli.output import note
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.projections import building
    from queuebit_operations.projections.reading import opened_reading
    from queuebit_runtime.clock import SystemClock

    name = projection.name
    builds = await store.builds()
    begun = None if anew else building.unfinished(builds, projection)
    async with opened_reading(postgres_settings(os.environ)) as reading:
        total, archived = await reading.events_about(), await reading.archived_until()
    lacks = "" if archived is None or begun else f" {_lacks(archived)}"
    if not apply:
        what = f"go on with the build {begun.build}" if begun else f"begin a build of version {projection.version}"
        return _would(f"It would {what} of {name}, and read about {total} events.{lacks}", name, as_json=as_json)
    arguments = {"projection": name, "anew": anew}
    async with _deed(store, "projections rebuild", arguments, reason, actor) as (deed, cancelled):
        build = begun or await store.create_build(projection, live=False)
        if build.counts_from is not None:
            note(_lacks(build.counts_from))
        filled = await _filled(store, projection, build, rate, cancelled, total)
        deed.outcome = f"{filled.read} events read into {build.build}, {filled.per_s:.0f} a second"
        if await cancelled():
            note(f"{deed.outcome}. Cancelled: go on by the same command, or drop {build.build}.")
            return _told(filled.build, filled, as_json=as_json)
        if then_switch:
            live = await building.switch(store, SystemClock(), projection, filled.build, holder=holder(), told=_silent)
            filled = replace(filled, build=live)
            deed.outcome += ", and it is live"
    note(f"{deed.outcome}.")
    if not then_switch:
        note(f"To let it take over: queuebit ops projections switch {name} --apply --reason 'why'")
    return _told(filled.build, filled, as_json=as_json)


async def _filled(
    store: OperatorStore, projection: Projection, build: Build, rate: float | None, cancelled: Cancelled, total: int
) -> Filled:
    """Fill it, and show how far it is."""
    from queuebit_operations.connections.progress import Progress
    from queuebit_operations.projections import building
    from queuebit_runtime.clock import SystemClock

    clock = SystemClock()
    progress = Progress["Filled"](clock, lambda at: f"{at.read} of about {total} events, {at.per_s:.0f} a second")
    try:
        return await building.fill(
            store, clock, projection, build, holder=holder(), told=progress.tell, rate_per_s=rate, cancelled=cancelled
        )
    finally:
        progress.end()


def _lacks(until: datetime) -> str:
    return (
        f"Jobs that began before {until:%Y-%m-%d} lie in archives and will not be in it: where they matter, restore them first"
        " (`queuebit ops archive list`, `queuebit ops archive restore FOLDER`)."
    )


def _silent(_filled: Filled) -> None:
    """What is left is read in a moment."""


def switch(
    name: Name,
    to: Annotated[
        str | None, typer.Option("--to", help="The build; absent, the last that was filled.", metavar="BUILD")
    ] = None,
    apply: _Apply = False,
    reason: b.Reason = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Let a build take over, in one step, once it has read as much as the live one; that one is kept, to go back to.

    What little it is behind is read first; one that is far behind is refused. What was told outside is not told again.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.output import note
        from queuebit_operations.errors import NotThere
        from queuebit_operations.projections import building
        from queuebit_runtime.clock import SystemClock

        b.need_reason(apply=apply, reason=reason)
        projection, clock = building.declared(name), SystemClock()
        async with store_of_env() as store:
            builds = await store.builds()
            chosen = building.named(builds, to) if to else building.unfinished(builds, projection)
            if chosen is None or chosen.name != name:
                remedy = f"Fill one first: queuebit ops projections rebuild {name}; or name a retired one by --to."
                raise NotThere(f"{name} has no build to switch to.", remedy=remedy)
            live = building.live_of(builds, name)
            was = live.build if live else "nothing"
            if chosen.state == "live":
                note(f"{chosen.build} is live already.")
                return _told(chosen, None, as_json=as_json)
            if not apply:
                return _would(f"{chosen.build} would take over from {was}.", name, as_json=as_json)
            arguments = {"projection": name, "from": was, "to": chosen.build}
            async with _deed(store, "projections switch", arguments, reason, actor) as (deed, _):
                await building.switch(store, clock, projection, chosen, holder=holder(), told=_silent)
                deed.outcome = f"{chosen.build} took over from {was}"
            note(f"{deed.outcome}. To drop the former: queuebit ops projections drop {was} --apply --reason 'why'")
            return _told(building.named(await store.builds(), chosen.build), None, as_json=as_json)

    return run(work())


def drop(
    build: Annotated[str, typer.Argument(metavar="BUILD", help="The build, as in the list.")],
    apply: _Apply = False,
    reason: b.Reason = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Drop a build that is not live: its table and its cursor. Who fills it stops at once. Events are never touched."""
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.output import note
        from queuebit_operations.errors import InConflict
        from queuebit_operations.projections import building

        b.need_reason(apply=apply, reason=reason)
        async with store_of_env() as store:
            found = building.named(await store.builds(), build)
            if found.state == "live":
                raise InConflict(
                    f"{build} is live.",
                    remedy=f"Switch to another one first: queuebit ops projections switch {found.name}",
                )
            if not apply:
                return _would(
                    f"{build} would be dropped; {found.events} events were folded into it.", build, as_json=as_json
                )
            async with _deed(store, "projections drop", {"build": build}, reason, actor) as (deed, _):
                if not await store.drop_build(found):
                    raise InConflict(f"{build} became live just now.")
                deed.outcome = f"{build} is dropped"
        note(f"{deed.outcome}.")
        return _told(found, None, as_json=as_json, state="dropped")

    return run(work())


@asynccontextmanager
async def _deed(
    store: OperatorStore, verb: str, arguments: Mapping[str, object], reason: str | None, actor: str | None
) -> AsyncIterator[tuple[Any, Any]]:
    """Record what is done, with who and why, and tell whether it was cancelled meanwhile. Raises BadArgument."""
    import os

    from queuebit_client.cli.output import note
    from queuebit_contracts.ids import uuid7
    from queuebit_operations.bulk.recorded import recorded
    from queuebit_operations.bulk.store import Operations
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.errors import BadArgument

    if not reason:
        raise BadArgument("A reason is needed to act.", remedy="Say why: --reason 'text'")
    clock = await store_time(store)
    operation_id = uuid7(int(clock.now().timestamp() * 1000), int.from_bytes(os.urandom(9)))

    async def cancelled() -> bool:
        return (await Operations(store, clock).load(operation_id)).state == "cancelled"

    who = a.actor_or_user(actor)
    async with recorded(store, clock, operation_id, verb, arguments, actor=who, reason=reason) as deed:
        note(f"{verb}: recorded as the operation {operation_id}.")
        yield deed, cancelled


def _would(text: str, about: str, *, as_json: bool) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line

    if as_json:
        print_json({"about": about, "would": text, "applied": False})
    else:
        print_line(text)
    note("Nothing was changed. To do it: the same with --apply --reason 'why'")
    return ExitCode.OK


def _told(build: Build, filled: Filled | None, *, as_json: bool, state: str | None = None) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json

    if as_json:
        read = {} if filled is None else {"events_read": filled.read, "events_per_s": round(filled.per_s)}
        print_json(
            {"projection": build.name, "build": build.build, "state": state or build.state, "applied": True, **read}
        )
    return ExitCode.OK
