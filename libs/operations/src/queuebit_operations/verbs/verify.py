"""`queuebit ops verify`: the invariants, on production data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.scan.port import Selection
    from queuebit_operations.verification.verify import Bounds


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
    events_max: Annotated[int, typer.Option(min=1, help="Refuse to verify more events than this at once.")] = 5_000_000,
    grace_s: Annotated[float, typer.Option(min=0, help="How long a timer or an event may wait.")] = 60.0,
    as_json: o.Json = False,
) -> int:
    """Check that nothing was lost, doubled, reordered or bent: the store against itself, and against Kafka.

    Runs beside live services: one connection, pages of one snapshot each, no lock. A selection is checked against itself alone;
    cursors, groups, keys and topics need the whole. Exit 0: all holds. 1: something was found.
    """
    from queuebit_operations.running import run
    from queuebit_operations.verification.verify import Bounds

    selection = o.selection(job, tenant, type_, since, until)
    return run(_verify(selection, Bounds(rate, events_max, grace_s), kafka=not store_only, as_json=as_json))


async def _verify(selection: Selection, bounds: Bounds, *, kafka: bool, as_json: bool) -> ExitCode:
    import gc
    import os
    from contextlib import AsyncExitStack

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json
    from queuebit_operations.connections.bus import kafka_access, namespace_of
    from queuebit_operations.connections.progress import Progress
    from queuebit_operations.connections.store import postgres_settings
    from queuebit_operations.exit_codes import FOUND
    from queuebit_operations.records.kafka import opened_records
    from queuebit_operations.scan.postgres import opened_scan
    from queuebit_operations.verification.verify import Counts, Verification
    from queuebit_runtime.clock import SystemClock

    async with AsyncExitStack() as stack:
        # Nothing here makes circles, and looking for them among millions of small values takes a fifth of the time.
        stack.callback(gc.set_threshold, *gc.get_threshold())
        gc.set_threshold(200_000, 50, 1000)
        scan = await stack.enter_async_context(opened_scan(postgres_settings(os.environ)))
        records = None
        if kafka and selection.everything:
            reading = opened_records(kafka_access(os.environ), namespace_of(os.environ))
            records = await stack.enter_async_context(reading)
        progress: Progress[Counts] = Progress(SystemClock(), lambda at: f"{at.events} events, {at.records} records")
        verification = Verification(scan, records, SystemClock(), bounds, on_progress=progress.tell)
        verified = await verification.run(selection)
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
