"""`queuebit ops verify`: the invariants, on production data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.verification.running import Wanted


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.app.command("verify")(verify)


def verify(
    job: o.Jobs = None,
    tenant: o.Tenants = None,
    type_: o.Types = None,
    since: o.Since = None,
    until: o.TimeUntil = None,
    store_only: Annotated[bool, typer.Option("--store-only", help="Do not read Kafka.")] = False,
    rate: Annotated[float | None, typer.Option(min=1, help="Read at most so many events a second.")] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, help="At most so many at once; absent, one a core, at most four.")
    ] = None,
    events_max: Annotated[
        int, typer.Option(min=1, help="Keep at most so many events in the memory of each; more take turns.")
    ] = 2_000_000,
    archives: Annotated[
        Path | None,
        typer.Option(help="Where archived months lie now, if not where they were written.", metavar="FOLDER"),
    ] = None,
    grace_s: Annotated[float, typer.Option(min=0, help="How long a timer or an event may wait.")] = 60.0,
    as_json: o.Json = False,
) -> int:
    """Check that nothing was lost, doubled, reordered or bent: the store against itself, against Kafka, and archives.

    Runs beside live services: one connection a process, pages of one snapshot each, no lock. A selection is checked against
    itself alone; cursors, groups, keys, topics and archived months need the whole. Of an archived month the files are compared
    with their checksums and with what was taken out, and its jobs are told again. Exit 0: all holds. 1: something was found.
    """
    from queuebit_operations.running import run
    from queuebit_operations.verification.running import Wanted, cores
    from queuebit_operations.verification.verify import Bounds

    selection = o.selection(job, tenant, type_, since, until)
    bounds = Bounds(rate, grace_s)
    wanted = Wanted(selection, bounds, not store_only, processes or cores(), events_max, archives)
    return run(_verify(wanted, as_json=as_json))


async def _verify(wanted: Wanted, *, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json
    from queuebit_operations.connections.progress import Progress
    from queuebit_operations.exit_codes import FOUND
    from queuebit_operations.verification.parts import Counts
    from queuebit_operations.verification.running import verify as verify_all
    from queuebit_runtime.clock import SystemClock

    progress: Progress[Counts] = Progress(SystemClock(), lambda at: f"{at.events:,} events, {at.records:,} records")
    try:
        verified = await verify_all(wanted, os.environ, progress.tell, note)
    finally:
        progress.end()
    document = verified.document()
    if as_json:
        print_json(document)
    else:
        _print(document)
    return FOUND if verified.findings else ExitCode.OK


def _print(document: dict[str, Any]) -> None:
    from queuebit_client.cli.output import print_line

    for finding in document["findings"]:
        print_line(f"{finding['check']} ({finding['invariant']}): {finding['count']} times. {finding['meaning']}")
        for example in finding["examples"]:
            print_line(f"    {example['subject']}: {example['detail']}")
    checked = ", ".join(f"{count} {name}" for name, count in document["checked"].items() if count)
    print_line(f"{'All holds' if document['ok'] else 'Something is wrong'}: {checked or 'nothing'} checked.")
