"""`queuebit ops verify` on a real PostgreSQL and Kafka: quiet where all holds, and it finds every planted corruption."""

from __future__ import annotations

import pytest

from queuebit_contracts.channels import LIFECYCLE
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import SystemClock
from tests.contract.bus.odd_records import SNAPPY, OddName, publish_batch
from tests.fakes.histories import cancelled, tell_jobs
from tests.integration.operations.conftest import Ops
from tests.integration.operations.corruptions import ENDED_JOBS, found_by, plant_all
from tests.integration.operations.world import World


async def test_it_is_quiet_where_all_holds(ops: Ops, world: World) -> None:
    job_ids = await tell_jobs(world.store, range(20))
    await tell_jobs(world.store, range(20, 24), then=cancelled(job_ids[0]))
    await tell_jobs(world.store, range(3), began_at=SystemClock().now(), then=[])
    await world.relay()
    await world.publish(await world.events(job_ids[0]))

    said = await ops("verify", "--json")
    words = await ops("verify", "--tenant", "acme")

    assert (said.code, said.document["findings"], said.err) == (0, [], "")
    assert said.document["checked"]["streams"] == 27
    assert said.document["checked"]["events"] == 20 * 7 + 4 * 5 + 3 * 3
    assert words.code == 0
    assert words.out.startswith("All holds: 27 streams, 169 events checked.")


async def test_it_finds_every_planted_corruption(ops: Ops, world: World) -> None:
    ended = await tell_jobs(world.store, range(ENDED_JOBS))

    planted = await plant_all(world, ended)
    said = await ops("verify", "--json")
    in_turns = await ops("verify", "--json", "--events-max", "100")

    found = found_by(said.document)
    assert (in_turns.code, found_by(in_turns.document)) == (1, found)
    assert in_turns.document["checked"] == said.document["checked"]
    assert "shares, 1 at once." in in_turns.err
    assert said.code == 1
    assert len(planted) >= 20
    assert {name: expected for name, expected in planted.items() if expected not in found} == {}
    assert {check for check, _ in found} <= {check for check, _ in planted.values()}


async def test_a_batch_that_cannot_be_unpacked_is_found_and_stops_nothing(
    ops: Ops, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a batch of a codec that is not installed here, and a header whose name is not UTF-8, each before events of jobs."""
    topic = f"{world.namespace}.{LIFECYCLE}"
    stranger = Outgoing(LIFECYCLE, b"key", b"what is this" * 100, [])
    odd = stranger._replace(headers=[(OddName("xx"), b"odd")])
    await publish_batch(world.stack.access(), topic, 1, [stranger, stranger], compression=SNAPPY)
    await publish_batch(world.stack.access(), topic, 2, [odd])
    await tell_jobs(world.store, range(20))
    await world.relay()
    monkeypatch.setattr("aiokafka.codec.has_snappy", lambda: False)

    said = await ops("verify", "--json")
    in_turns = await ops("verify", "--json", "--events-max", "50")

    for each in (said, in_turns):
        assert found_by(each.document) == {("unreadable_record", f"{LIFECYCLE}/1@0")}
        assert [finding["count"] for finding in each.document["findings"]] == [1]
        assert each.code == 1
    assert "codec 2" in str(said.document["findings"])
    assert said.document["checked"]["records"] == 20 * 9 + 1
