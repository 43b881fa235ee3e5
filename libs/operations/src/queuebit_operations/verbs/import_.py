"""`queuebit ops import`: a history that was exported, opened here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.transfer.importing import Imported

SHOWN_MAX = 20


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.app.command("import")(import_)


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `queuebit ops export` wrote.")],
    into: Annotated[
        str | None,
        typer.Option(metavar="NAMESPACE", help="Write it into this namespace, which is made where it is not there."),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Also where services run: they publish it all, and go on with open jobs.")
    ] = False,
    as_json: o.Json = False,
) -> int:
    """Check a history, and with --into write it, so that all other verbs work on it. Without --into nothing is written.

    Twice is as once, and an import that was killed goes on. What is there already stays as it is.
    Exit 0: all of it is sound and there. 2: the file is damaged. 6: services run there. 7: some jobs were refused.
    """
    from queuebit_operations.running import run

    return run(_import(file, into, live=live, as_json=as_json))


async def _import(file: str, into: str | None, *, live: bool, as_json: bool) -> ExitCode:
    import os
    from contextlib import AsyncExitStack

    from queuebit_operations.connections.progress import Progress
    from queuebit_operations.connections.store import opened_store, postgres_settings
    from queuebit_operations.errors import InConflict
    from queuebit_operations.transfer.file import read_head, read_streams
    from queuebit_operations.transfer.importing import import_streams
    from queuebit_operations.transfer.opening import lines_of
    from queuebit_operations.transfer.services import services_run
    from queuebit_runtime.clock import SystemClock
    from queuebit_store.connections.migrations import migrate

    progress: Progress[Imported] = Progress(SystemClock(), lambda so_far: f"{so_far.streams} jobs")
    async with AsyncExitStack() as stack:
        lines = stack.enter_context(lines_of(file))
        head = read_head(lines)
        checked = await import_streams(read_streams(lines), None, on_progress=progress.tell)
        report, store = checked, None
        if into is not None:
            env = {**os.environ, "QUEUEBIT_NAMESPACE": into}
            # First: an installation of an older release must not find its schema changed.
            if not live and await services_run(postgres_settings(env)):
                raise InConflict(
                    f"Services run in the namespace {into}: they would publish every event again and go on with open jobs.",
                    remedy="Import into a namespace of its own; or say --live where that is what you want.",
                )
            await migrate(postgres_settings(env))
            store = await stack.enter_async_context(opened_store(env))
            again = stack.enter_context(lines_of(file))
            read_head(again)
            report = await import_streams(read_streams(again), store, on_progress=progress.tell)
    progress.end()
    return _say(
        report, into, {"exported_at": head.exported_at.isoformat(), "selection": head.selection}, as_json=as_json
    )


def _say(report: Imported, into: str | None, origin: dict[str, Any], *, as_json: bool) -> ExitCode:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json, print_line

    refused = report.refused or []
    document = {
        **origin,
        "into": into,
        "jobs": report.streams,
        "events": report.events,
        "present": report.present,
        "left_out": report.left_out,
    }
    if as_json:
        print_json({**document, "refused": [{"job_id": job_id, "why": why} for job_id, why in refused]})
    else:
        for job_id, why in refused[:SHOWN_MAX]:
            print_line(f"Refused {job_id}: {why}.")
        print_line(f"Exported {origin['exported_at']}, {origin['selection']}.")
        if report.left_out:
            print_line(f"{report.left_out} streams of what operators did there are left out: they are no jobs.")
        if into is None:
            print_line(
                f"The file is sound: {report.streams} jobs, {report.events} events. --into NAMESPACE writes them."
            )
        else:
            print_line(f"{report.streams} jobs with {report.events} events are written, {report.present} were there.")
            print_line(f"Look at them with: QUEUEBIT_NAMESPACE={into} queuebit ops replay inspect JOB")
    return ExitCode.PARTLY_FAILED if refused else ExitCode.OK
