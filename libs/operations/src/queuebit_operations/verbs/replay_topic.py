"""`queuebit ops replay topic`: publish what happened again, recognisably."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.replaying.topic import Replay
    from queuebit_operations.scan.port import Selection


VERB = "replay topic"


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("replay").command("topic")(topic)


def topic(
    job: o.Jobs = None,
    tenant: o.Tenants = None,
    type_: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="EVENT", help="Only these events, as JobCompleted; repeatable."),
    ] = None,
    since: o.Since = None,
    until: o.TimeUntil = None,
    to_topic: Annotated[
        str | None, typer.Option(metavar="TOPIC", help="All onto this topic, which is made where it is not there.")
    ] = None,
    to_namespace: Annotated[
        str | None, typer.Option(metavar="NAMESPACE", help="Onto the usual topics of this namespace, which are made.")
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Onto the usual topics, beside live traffic.")] = False,
    replay_id: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the records call this replay; the same name goes on.")
    ] = None,
    rate: Annotated[float | None, typer.Option(min=0.1, help="At most so many events a second.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many events in this run.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run/--apply", help="Only count, or do it.")] = True,
    reason: b.Reason = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Publish the selected events again, in their order, with their ids, under the header ce_replayid.

    Queuebit's own consumers pass such records over; others can tell them by the header, and by the ids that they know. The set
    is frozen at the first --apply; a replay that was stopped goes on with the same --replay-id. Without --apply it only counts.
    """
    from queuebit_operations.errors import BadArgument
    from queuebit_operations.replaying.topic import Replay
    from queuebit_operations.running import run
    from queuebit_runtime.clock import SystemClock
    from queuebit_runtime.ids import SystemIds

    selection = o.selection(job, tenant, type_, since, until)

    async def work() -> ExitCode:
        if (to_topic is not None) + (to_namespace is not None) + live != 1:
            raise BadArgument(
                "Say where to: --to-topic, --to-namespace or --live.",
                remedy="A topic or a namespace of its own disturbs nobody.",
            )
        if not dry_run and not reason:
            raise BadArgument("A reason is needed to act.", remedy="Say why: --reason 'text'")
        name = replay_id or str(SystemIds(SystemClock()).mint())
        replay = Replay(name, to_topic, rate, limit)
        why = None if dry_run else reason
        return await _replay(selection, replay, to_namespace, a.actor_or_user(actor), why, as_json=as_json)

    return run(work())


async def _replay(
    selection: Selection, replay: Replay, to_namespace: str | None, actor: str, reason: str | None, *, as_json: bool
) -> ExitCode:
    """Without a reason it only counts."""
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_operations.bulk.recorded import recorded
    from queuebit_operations.bulk.store import Operations
    from queuebit_operations.connections.bus import made_topics, namespace_of, opened_bus
    from queuebit_operations.connections.clock import store_time
    from queuebit_operations.connections.progress import Progress
    from queuebit_operations.connections.store import opened_store, postgres_settings
    from queuebit_operations.records.relayed import RELAYED
    from queuebit_operations.replaying.held import operation_of_run
    from queuebit_operations.replaying.topic import frozen, publish_again
    from queuebit_operations.scan.in_order import EventsInOrder
    from queuebit_operations.scan.postgres import opened_scan
    from queuebit_runtime.ids import SystemIds

    namespace = namespace_of(os.environ) if to_namespace is None else to_namespace
    document: dict[str, Any] = {"replay_id": replay.replay_id, "namespace": namespace, "topic": replay.topic}
    async with opened_store(os.environ) as store, opened_scan(postgres_settings(os.environ)) as scan:
        newest = (await scan.marks()).newest
        clock = await store_time(store)
        given = {name: str(value) for name, value in document.items() if value} | {"selection": selection.words()}
        next_id = SystemIds(clock).mint()
        operation_id = await operation_of_run(Operations(store, clock), replay.replay_id, given, next_id)
        after, end = await frozen(store, replay, newest, save=reason is not None)
        events = EventsInOrder(scan.connection, selection, end)
        selected = await events.count(after)
        if reason is None:
            _say({**document, "selected": selected, "published": 0}, selection, as_json=as_json)
            return ExitCode.OK
        progress: Progress[int] = Progress(clock, lambda count: f"{count} of {selected} events")
        await made_topics(os.environ, namespace, RELAYED if replay.topic is None else (replay.topic,))
        bounds: dict[str, Any] = {"rate_per_s": replay.rate_per_s, "limit": replay.limit}
        async with (
            opened_bus(os.environ, namespace=namespace) as bus,
            recorded(store, clock, operation_id, VERB, given, actor=actor, reason=reason, **bounds) as deed,
        ):
            published = await publish_again(events, after, bus, store, clock, replay, on_progress=progress.tell)
            deed.outcome = f"Published {published} of {selected} events."
        document["operation"] = str(operation_id)
        progress.end()
    _say({**document, "selected": selected, "published": published}, selection, as_json=as_json)
    return ExitCode.OK


def _say(document: dict[str, Any], selection: Selection, *, as_json: bool) -> None:
    from queuebit_client.cli.output import print_json, print_line

    if as_json:
        print_json(document)
        return
    where = document["topic"] or "the topics of the relay"
    where = f"{where} in {document['namespace']}" if document["namespace"] else where
    if "operation" in document:
        print_line(f"Published {document['published']} of {document['selected']} events to {where}.")
    else:
        print_line(
            f"{document['selected']} events of {selection.words()} would be published to {where}. --apply does it."
        )
    print_line(f"The replay is {document['replay_id']}.")
