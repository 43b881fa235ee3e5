"""`queuebit ops projections`: tables folded from all events, how each stands, and kept up to date here."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.connections.store import OperatorStore

Name = Annotated[str, typer.Argument(metavar="NAME", help="The projection, as in the list.")]
_COUNT_MAX = 100_000


def add(ops: Groups) -> None:
    """Add the verbs."""
    group = ops.group("projections")
    group.command("list")(show_all)
    group.command("show")(show)
    group.command("run")(run_them)


def show_all(as_json: o.Json = False) -> int:
    """Show every projection: which build is live, how far behind it is, whether one stands still and why.

    Exit 1: one stands still, or is of a version that this release does not fold.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json, print_line, show_table
        from queuebit_operations.exit_codes import FOUND
        from queuebit_operations.projections.standing import document_of, standing

        async with store_of_env() as store:
            found = await standing(store, count_max=_COUNT_MAX)
        if as_json:
            print_json({"projections": [document_of(each) for each in found]})
        else:
            columns = ["projection", "build", "state", "events", "behind", "counts from", "note"]
            show_table("", columns, [each.cells() for each in found])
            for each in found:
                if each.remedy:
                    print_line(f"{each.name}: {each.remedy}")
        return FOUND if any(each.remedy for each in found) else ExitCode.OK

    return run(work())


def show(name: Name, as_json: o.Json = False) -> int:
    """Show what a projection is: what it holds, its columns, its builds and how large they are."""
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        import os

        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import print_json, print_line
        from queuebit_operations.connections.store import postgres_settings
        from queuebit_operations.projections.building import declared
        from queuebit_operations.projections.reading import opened_reading
        from queuebit_operations.projections.standing import document_of, standing

        projection = declared(name)
        async with store_of_env() as store, opened_reading(postgres_settings(os.environ)) as reading:
            builds = [each for each in await standing(store, count_max=_COUNT_MAX) if each.name == name and each.build]
            sizes = {each.build.build: await reading.size(each.build.build) for each in builds if each.build}
        documents = [
            {**document_of(each), "rows_about": rows, "bytes": size}
            for each, (rows, size) in zip(builds, sizes.values(), strict=True)
        ]
        found: dict[str, Any] = {
            "projection": name,
            "meaning": projection.meaning,
            "version": projection.version,
            "view": f"projection_{name}",
            "key": list(projection.columns)[: projection.key_columns],
            "columns": dict(projection.columns),
            "reads": sorted(projection.types),
            "builds": documents,
        }
        if as_json:
            print_json(found)
            return ExitCode.OK
        print_line(f"{name}, version {projection.version}: {projection.meaning}")
        print_line(f"  ask it by SQL as projection_{name}; key: {', '.join(found['key'])}")
        for column, kind in projection.columns.items():
            print_line(f"    {column:<16} {kind}")
        print_line(f"  reads {', '.join(found['reads'])}")
        for each in documents:
            print_line(
                f"  build {each['build']}: {each['state']}, {each['rows_about']} rows, about, {each['bytes'] // 1024} KiB,"
                f" {each['behind']} events behind"
            )
        return ExitCode.OK

    return run(work())


def run_them(
    once: Annotated[bool, typer.Option("--once", help="Catch up, and end.")] = False,
) -> int:
    """Keep what is live up to date here, until it is stopped: where the control planes do not (their setting), or lag behind.

    Beside a control plane it takes over what that one lets go; several may run.
    """
    from queuebit_operations.running import run

    async def work() -> ExitCode:
        from queuebit_client.cli.exit_codes import ExitCode
        from queuebit_client.cli.output import note
        from queuebit_operations.projections.running import keep_running
        from queuebit_runtime.clock import SystemClock

        async with store_of_env() as store:
            counts = await keep_running(store, SystemClock(), holder=holder(), once=once)
        said = ", ".join(f"{count} of {name}" for name, count in counts.items()) or "nothing: another process runs them"
        note(f"Events taken: {said}.")
        return ExitCode.OK

    return run(work())


@asynccontextmanager
async def store_of_env() -> AsyncIterator[OperatorStore]:
    """The store, as the environment names it."""
    import os

    from queuebit_operations.connections.store import opened_store

    async with opened_store(os.environ) as store:
        yield store


def holder() -> str:
    """Who works on a build: new at each call."""
    import os
    import socket
    import time

    return f"{socket.gethostname()}/{os.getpid()}/{time.monotonic_ns()}"
