"""`queuebit ops projections switch` and `drop`: a build that is filled takes the place of the live one, or goes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o
from queuebit_operations.verbs.projections import Name, holder, store_of_env
from queuebit_operations.verbs.projections_acting import Apply, acting, silent, tell, would

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("projections")
    group.command("switch")(switch)
    group.command("drop")(drop)


def switch(
    name: Name,
    to: Annotated[
        str | None, typer.Option("--to", help="The build; absent, the last that was filled.", metavar="BUILD")
    ] = None,
    apply: Apply = False,
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
                return tell(chosen, None, as_json=as_json)
            if not apply:
                return would(f"{chosen.build} would take over from {was}.", name, as_json=as_json)
            arguments = {"projection": name, "from": was, "to": chosen.build}
            async with acting(store, "projections switch", arguments, reason, actor) as (deed, _):
                await building.switch(store, clock, projection, chosen, holder=holder(), told=silent)
                deed.outcome = f"{chosen.build} took over from {was}"
            note(f"{deed.outcome}. To drop the former: queuebit ops projections drop {was} --apply --reason 'why'")
            return tell(building.named(await store.builds(), chosen.build), None, as_json=as_json)

    return run(work())


def drop(
    build: Annotated[str, typer.Argument(metavar="BUILD", help="The build, as in the list.")],
    apply: Apply = False,
    reason: b.Reason = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Drop a build that is not live: its table and its cursor. Who fills it stops at once. Events are never touched."""
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.output import note
        from queuebit_operations.connections.locks import until_unlocked
        from queuebit_operations.errors import InConflict
        from queuebit_operations.projections import building
        from queuebit_runtime.clock import SystemClock

        b.need_reason(apply=apply, reason=reason)
        async with store_of_env() as store:
            found = building.named(await store.builds(), build)
            if found.state == "live":
                raise InConflict(
                    f"{build} is live.",
                    remedy=f"Switch to another one first: queuebit ops projections switch {found.name}",
                )
            if not apply:
                return would(
                    f"{build} would be dropped; {found.events} events were folded into it.", build, as_json=as_json
                )
            async with acting(store, "projections drop", {"build": build}, reason, actor) as (deed, _):
                if not await until_unlocked(SystemClock(), partial(store.drop_build, found)):
                    raise InConflict(f"{build} became live just now.")
                deed.outcome = f"{build} is dropped"
        note(f"{deed.outcome}.")
        return tell(found, None, as_json=as_json, state="dropped")

    return run(work())
