"""`queuebit ops new-epoch`: after a restore, everything that comes stands behind all that is stored and all that was told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import options as o
from queuebit_operations.verbs.projections_acting import Apply, acting, would

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.app.command("new-epoch")(new_epoch)


def new_epoch(apply: Apply = False, reason: b.Reason = None, actor: a.Actor = None, as_json: o.Json = False) -> int:
    """Begin the next epoch of a store that came back from a copy. Stop every service first.

    It is later than the store's own and than any that Kafka has heard of: where the same copy was restored before, the number
    of then is passed, so that no id says two things. Where Kafka is lost, use `python -m queuebit_store new-epoch --past N`.
    """
    from queuebit_operations.running import run

    return run(_new_epoch(apply=apply, reason=reason, actor=actor, as_json=as_json))


async def _new_epoch(*, apply: bool, reason: str | None, actor: str | None, as_json: bool) -> ExitCode:
    import os

    from queuebit_client.cli.exit_codes import ExitCode
    from queuebit_client.cli.output import note, print_json, print_line
    from queuebit_operations.connections.bus import kafka_access, namespace_of
    from queuebit_operations.connections.store import opened_store, postgres_settings
    from queuebit_operations.inspection.epochs import newest_epoch_told
    from queuebit_operations.records.kafka import opened_records
    from queuebit_operations.scan.postgres import opened_scan
    from queuebit_store.connections.migrations import new_epoch as begin

    b.need_reason(apply=apply, reason=reason)
    settings = postgres_settings(os.environ)
    async with opened_scan(settings) as scan:
        stored = (await scan.marks()).epoch
    async with opened_records(kafka_access(os.environ), namespace_of(os.environ)) as records:
        told = await newest_epoch_told(records)
    if told > stored:
        note(f"This copy was restored before: Kafka has heard of the epoch {told}, the store is in {stored}.")
    if not apply:
        return would(f"It would begin the epoch {max(stored, told) + 1}.", "epoch", as_json=as_json)
    began = await begin(settings, past=told)
    async with (
        opened_store(os.environ) as store,
        acting(store, "new-epoch", {"from": stored, "told": told, "to": began}, reason, actor) as (deed, _),
    ):
        deed.outcome = f"the epoch {began} has begun"
    if as_json:
        print_json({"epoch": began, "before": stored, "told": told, "applied": True})
    else:
        print_line(f"epoch {began}")
    return ExitCode.OK
