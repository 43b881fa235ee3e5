"""`queuebit ops replay topic` on a real PostgreSQL and Kafka: counted first, frozen, in order, and it goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]

from queuebit_operations.records.kafka import opened_records
from queuebit_runtime.bus.port import Record
from tests.fakes.histories import cancelled, tell_jobs
from tests.integration.operations.conftest import Ops
from tests.integration.operations.world import World

APPLY = ("--apply", "--reason", "a test")


async def records_on(world: World, *topics: str, namespace: str | None = None) -> list[Record]:
    found: list[Record] = []
    where = world.namespace if namespace is None else namespace
    async with opened_records(world.stack.access(), where) as records:
        async for some in records.read(await records.spans(topics)):
            found += some
    return found


def ids_of(records: Sequence[Record]) -> list[bytes]:
    return [dict(record.headers)["ce_id"] for record in records]


async def drop(world: World, *names: str) -> None:
    admin = AIOKafkaAdminClient(**world.stack.client())
    await admin.start()
    try:
        await admin.delete_topics(list(names))
    finally:
        await admin.close()


async def versions(world: World, job_id: UUID) -> list[bytes]:
    return [str(event.id).encode() for event in await world.events(job_id)]


async def test_it_counts_first_and_then_publishes_the_same_in_order(ops: Ops, world: World) -> None:
    first, second = await tell_jobs(world.store, range(2))
    selection = ("--job", str(first), "--to-topic", "replayed", "--replay-id", "r1", "--json")

    counted = await ops("replay", "topic", *selection)
    done = await ops("replay", "topic", *selection, *APPLY)
    again = await ops("replay", "topic", *selection, *APPLY)
    told = await ops("operations", "show", done.document["operation"], "--json")
    unreasoned = await ops("replay", "topic", *selection, "--apply")
    found = await records_on(world, "replayed")
    await drop(world, f"{world.namespace}.replayed")

    assert [(each.code, each.document["selected"], each.document["published"]) for each in (counted, done, again)] == [
        (0, 7, 0),
        (0, 7, 7),
        (0, 0, 0),
    ]
    assert {name: told.document[name] for name in ("verb", "state", "reason")} == {
        "verb": "replay topic",
        "state": "done",
        "reason": "a test",
    }
    assert (unreasoned.code, "A reason is needed to act." in unreasoned.err) == (2, True)
    assert ids_of(found) == await versions(world, first)
    assert {dict(record.headers)["ce_replayid"] for record in found} == {b"r1"}
    assert [record.value for record in found] == [event.data.encode() for event in await world.events(first)]
    assert second not in {record.key for record in found}


async def test_the_set_is_frozen_and_a_limit_is_gone_on_from(ops: Ops, world: World) -> None:
    job_ids = await tell_jobs(world.store, range(3))
    await tell_jobs(world.store, [7], then=cancelled(job_ids[0]))
    selection = (
        "--type",
        "JobCompleted",
        "--type",
        "JobCancelled",
        "--to-topic",
        "ends",
        "--replay-id",
        "r2",
        "--json",
    )

    part = await ops("replay", "topic", *selection, *APPLY, "--limit", "2", "--rate", "1000")
    await tell_jobs(world.store, [8])
    rest = await ops("replay", "topic", *selection, *APPLY)
    found = await records_on(world, "ends")
    await drop(world, f"{world.namespace}.ends")

    assert [(each.document["selected"], each.document["published"]) for each in (part, rest)] == [(4, 2), (2, 2)]
    assert len(set(ids_of(found))) == 4


async def test_a_namespace_gets_the_topics_of_the_relay_and_live_ones_get_what_consumers_pass_over(
    ops: Ops, world: World
) -> None:
    (job_id,) = await tell_jobs(world.store, [1])
    await world.relay()
    apart = f"{world.namespace}_replay"

    there = await ops("replay", "topic", "--to-namespace", apart, *APPLY, "--json")
    here = await ops("replay", "topic", "--live", "--job", str(job_id), *APPLY, "--json")
    lifecycle = await records_on(world, "jobs.lifecycle", namespace=apart)
    completed = await records_on(world, "jobs.completed", namespace=apart)
    live = await records_on(world, "jobs.lifecycle")
    verified = await ops("verify", "--json")
    nowhere = await ops("replay", "topic", *APPLY)
    relayed = {record.topic for record in [*lifecycle, *completed]}
    await drop(world, *(f"{apart}.{topic}" for topic in await topics_of(world, apart)))

    assert (there.code, there.document["published"], here.document["published"]) == (0, 7, 7)
    assert (len(lifecycle), len(completed), relayed) == (7, 1, {"jobs.lifecycle", "jobs.completed"})
    assert ids_of(live) == 2 * await versions(world, job_id)
    assert (verified.code, verified.document["checked"]["replays"]) == (0, 9)
    assert nowhere.code == 2
    assert "Say where to" in nowhere.err


async def topics_of(world: World, namespace: str) -> list[str]:
    admin = AIOKafkaAdminClient(**world.stack.client())
    await admin.start()
    try:
        names = await admin.list_topics()
    finally:
        await admin.close()
    prefix = f"{namespace}."
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
