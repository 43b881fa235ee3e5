"""`queuebit ops status`: how the installation stands, from its store and its brokers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.app.command("status")(status)


def status(as_json: o.Json = False) -> int:
    """Show what stands still, who holds it up, and which page says what to do. The first command of every incident.

    Also where only one of PostgreSQL and Kafka answers. Exit 0: all is well. 1: something is not. 8: neither answers.
    """
    from queuebit_operations.running import run

    return run(_status(as_json=as_json))


async def _status(*, as_json: bool) -> ExitCode:
    import os
    from contextlib import AsyncExitStack

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import print_json
    from queuebit_operations.connections.bus import kafka_access, namespace_of
    from queuebit_operations.connections.store import opened_store, postgres_settings
    from queuebit_operations.exit_codes import FOUND
    from queuebit_operations.inspection.installation import (
        Installation,
        look_at_kafka,
        look_at_projections,
        look_at_store,
    )
    from queuebit_operations.records.kafka import opened_records
    from queuebit_operations.scan.postgres import opened_scan
    from queuebit_runtime.errors import BusError
    from queuebit_store.errors import StoreUnavailable

    seen = Installation()
    async with AsyncExitStack() as stack:
        scan = None
        try:
            store = await stack.enter_async_context(opened_store(os.environ))
            scan = await stack.enter_async_context(opened_scan(postgres_settings(os.environ)))
            await look_at_store(seen, store, scan)
            await look_at_projections(seen, store)
        except StoreUnavailable as error:
            seen.silent["postgres"] = error.detail
        try:
            access, namespace = kafka_access(os.environ), namespace_of(os.environ)
            records = await stack.enter_async_context(opened_records(access, namespace))
            await look_at_kafka(seen, records, scan)
        except BusError as error:
            seen.silent["kafka"] = str(error)
    document = seen.document()
    if as_json:
        print_json(document)
    else:
        _print(document)
    if len(seen.silent) == 2:
        return ExitCode.UNAVAILABLE
    return ExitCode.OK if document["ok"] else FOUND


def _print(document: dict[str, Any]) -> None:
    from queuebit_client.cli.output import print_line

    for reason in document["reasons"]:
        print_line(f"{reason['code']}: {reason['detail']} See {reason['runbook']}")
    store, relay, kafka = document["store"], document["relay"], document["kafka"]
    if store is not None and relay is not None:
        leaders = ", ".join(f"{each['name']} {each['holder']}" for each in store["leaders"] if each["held"]) or "nobody"
        print_line(f"store   epoch {store['epoch']}, newest {store['newest']}, leaders: {leaders}")
        print_line(f"relay   {relay['waiting']} events wait, the oldest for {relay['oldest_age_s'] or 0:.1f} s")
    for each in document["projections"]:
        if each["state"] == "live":
            print_line(f"project {each['build']:<20} {each['behind']} events behind {each['note']}".rstrip())
    if kafka is not None:
        print_line(f"kafka   {kafka['brokers']} brokers, {kafka['behind']} of {kafka['partitions']} partitions behind")
        for group, lag in kafka["lags"].items():
            print_line(f"        {group:<32} {lag} not done")
    for topic, count in document["dead_letters"].items():
        if count:
            print_line(f"letters {count} records on {topic}, settled ones too: see queuebit ops dlq groups")
    print_line("All is well." if document["ok"] else f"{len(document['reasons'])} things are not as they should be.")
