"""`queuebit ops dlq drop`: dead letters that nobody will send again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from queuebit_operations.groups import Groups
from queuebit_operations.verbs import acting as a
from queuebit_operations.verbs import bulk as b
from queuebit_operations.verbs import dlq_options as d
from queuebit_operations.verbs import options as o

if TYPE_CHECKING:
    from queuebit_client.cli.exit_codes import ExitCode


def add(ops: Groups) -> None:
    """Add the verb."""
    ops.group("dlq").command("drop")(drop)


def drop(
    group: d.Group = None,
    id_: d.Id = None,
    fingerprint: d.Fingerprint = None,
    tenant: d.Tenant = None,
    topic: d.Topic = None,
    job: d.Job = None,
    type_: d.Type = None,
    code: d.Code = None,
    quarantined: d.Quarantined = False,
    apply: b.Apply = False,
    reason: b.Reason = None,
    rate: a.Rate = None,
    limit: b.Limit = None,
    actor: a.Actor = None,
    as_json: o.Json = False,
) -> int:
    """Settle open dead letters without sending them: what they hold stays on their topic until its retention takes it.

    What waits behind a dropped one is not dropped with it, and goes on once it is redriven.
    """
    from queuebit_operations.running import run

    chosen = d.wanted(id_, fingerprint, tenant, topic, job, type_, code, quarantined=quarantined)

    async def work() -> ExitCode:
        from queuebit_operations.dead_letters.acting import DROP
        from queuebit_operations.dead_letters.reading import groups_of

        ids: list[str] = []
        b.need_reason(apply=apply, reason=reason)
        named = groups_of(group or [], chosen.ids)
        async with d.opened_reader() as reader:
            for name in named:
                ids += [each.id async for each in reader.kept(name) if chosen.includes(each)]
        return await b.freeze_and_act(
            DROP,
            {},
            ids,
            apply=apply,
            reason=reason,
            rate=rate,
            limit=limit,
            actor=actor,
            as_json=as_json,
            what="dead letters",
        )

    return run(work())
