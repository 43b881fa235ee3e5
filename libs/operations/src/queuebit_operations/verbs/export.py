"""`queuebit ops export`: history as one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.scan.port import Selection


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.app.command("export")(export)


def export(
    job: Annotated[o.UUIDs, typer.Argument(metavar="[JOB]…", help="Jobs; without any, what the flags select.")] = None,
    tenant: o.Tenants = None,
    type_: o.Types = None,
    since: o.Since = None,
    until: o.TimeUntil = None,
    capsule: Annotated[
        bool,
        typer.Option(
            "--capsule", help="One job with all that is kept of it, as a file that `marqov-capsule verify` accepts."
        ),
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="All jobs.")] = False,
    out: Annotated[
        str, typer.Option("--out", metavar="FILE", help="Where to; - for standard output; packed where it ends in .gz.")
    ] = "-",
    as_json: o.Json = False,
) -> int:
    """Write the history of jobs into one file with checksums, which any installation can open with `queuebit ops import`.

    It holds what customers asked and got: keep it like the database. A capsule has artifacts beside the history, and a name
    made of its contents: whoever has the name can tell that nothing was changed. Exit 3: nothing is selected.
    """
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.running import run

    selection = o.selection(job, tenant, type_, since, until)

    async def work() -> ExitCode:
        if capsule:
            if len(job or ()) != 1 or out == "-" or everything:
                raise BadArgument(
                    "A capsule is of one job, and a file.",
                    remedy="Such as: queuebit ops export JOB --capsule --out job.capsule",
                )
            return await _capsule(selection, out, as_json=as_json)
        if selection.everything != everything:
            raise BadArgument(
                "Name jobs or select some, or say --all, and not both.",
                remedy="Such as: queuebit ops export JOB --out job.jsonl.gz",
            )
        return await _export(selection, out, as_json=as_json)

    return run(work())


async def _export(selection: Selection, out: str, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json
    from queuebit_contracts.streams import PUBLISHED
    from queuebit_operations.connections.progress import Progress
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.errors import NotThere
    from queuebit_operations.scan.postgres import opened_scan
    from queuebit_operations.transfer.file import Sums, first_line, last_line, stream_line
    from queuebit_operations.transfer.opening import written
    from queuebit_runtime.clock import SystemClock

    clock, sums = SystemClock(), Sums()
    progress: Progress[Sums] = Progress(clock, lambda so_far: f"{so_far.streams} jobs, {so_far.events} events")
    async with opened_scan(postgres_settings(os.environ)) as scan:
        with written(out) as file:
            file.write(first_line(clock.now(), selection.words()))
            async for page in scan.streams(selection):
                for stream in page:
                    if stream.events and stream.events[0].category in PUBLISHED:
                        file.write(stream_line(stream, sums))
                progress.tell(sums)
            progress.end()
            if not sums.streams:
                raise NotThere(f"Nothing is selected by {selection.words()}.", remedy="Check QUEUEBIT_NAMESPACE.")
            file.write(last_line(sums))
    if as_json and out != "-":
        print_json({"file": out, "jobs": sums.streams, "events": sums.events, "sha256": sums.digest})
    else:
        note(f"{sums.streams} jobs with {sums.events} events are written to {out}.")
    return ExitCode.OK


async def _capsule(selection: Selection, out: str, *, as_json: bool) -> ExitCode:
    import asyncio
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line
    from queuebit_operations.connections.artifacts import opened_artifacts
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.errors import NotThere
    from queuebit_operations.evidence.kept import kept_of, references
    from queuebit_operations.scan.postgres import opened_scan
    from queuebit_operations.transfer.capsule import capsule_of, packed
    from queuebit_operations.transfer.opening import written
    from queuebit_operations.verbs.acting import actor_or_user
    from queuebit_runtime.clock import SystemClock

    async with opened_scan(postgres_settings(os.environ)) as scan:
        found = [stream async for page in scan.streams(selection) for stream in page if stream.events]
    if not found:
        raise NotThere(f"There is no job {selection.words()}.", remedy="Check the id and QUEUEBIT_NAMESPACE.")
    (stream,) = found
    if any(references(stream.events)):
        artifacts = opened_artifacts(os.environ)
        kept, fetch = await asyncio.to_thread(kept_of, stream.events, artifacts), artifacts.get
    else:
        kept, fetch = [], _nothing
    made = await asyncio.to_thread(capsule_of, stream, kept, fetch, SystemClock().now(), actor_or_user(None))
    with written(out, pack=False) as file:
        file.write(await asyncio.to_thread(packed, made, f"job-{stream.stream_id}"))
    if as_json:
        print_json({"file": out, "id": made.id, "files": len(made.files), "attempts": len(kept)})
        return ExitCode.OK
    print_line(made.id)
    note(f"{len(made.files)} files are sealed in {out}. Keep its name apart: `marqov-capsule verify {out} --id …`.")
    return ExitCode.OK


def _nothing(sha256: str) -> bytes:
    raise AssertionError(f"nothing refers to {sha256}")
