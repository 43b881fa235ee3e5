"""A worker that starts again: it knows what is no longer wanted before it begins anything."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from queuebit_contracts.channels import CONTROL
from queuebit_contracts.envelope import Envelope
from queuebit_contracts.events import AttemptAbandoned, JobQueued
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.worker import orders
from queuebit_runtime.worker.orders import Orders
from queuebit_runtime.worker.shell import BEGIN_WITHIN_S_MAX
from tests.fakes.moved_clock import START, settle
from tests.unit.runtime.one_worker import OneWorker, a_record, an_order

SIZES = pytest.mark.parametrize("size", ["small", "large"])


def begin_by(order: Envelope, seconds: float) -> Envelope:
    assert isinstance(order.data, JobQueued)
    return order._replace(data=order.data.model_copy(update={"begin_by": START + timedelta(seconds=seconds)}))


def abandonment(number: int) -> Outgoing:
    data = AttemptAbandoned(
        attempt_id=UUID(int=1000 + number), leg="classical", reason="cancelled", begin_by=START + timedelta(hours=1)
    )
    return a_record(
        Envelope(UUID(int=9000 + number), "/queuebit/control-plane", str(UUID(int=number)), START, data), CONTROL
    )


async def before(world: OneWorker, *records: Outgoing) -> None:
    """What was said while the worker was down."""
    other = MemoryBus(world.broker)
    await other.start()
    await other.publish(records)
    await other.stop(0)


@SIZES
async def test_what_was_abandoned_while_it_was_down_is_not_begun(size: str) -> None:
    """Given fourteen orders that lie on their topic, all abandoned but one, when the worker starts, then it does that one."""
    world = OneWorker()
    await before(world, *(a_record(an_order(number, size=size)) for number in range(14)))
    await before(world, *(abandonment(number) for number in range(14) if number != 7))

    await world.bus.start()
    await settle()
    if size == "large":
        await world.executor.finish(7)

    assert world.outcomes() == {7: "ok"}
    assert {line.split()[1] for line in world.executor.log} == {"7"}
    assert await world.undone() == 0
    await world.bus.stop(0)


@SIZES
async def test_what_was_running_when_it_died_and_was_abandoned_since_is_not_begun_again(size: str) -> None:
    world = OneWorker()
    await world.bus.start()
    await world.give(an_order(1, size="large"))
    await world.shell.stop(0)
    await world.bus.crash()
    await before(world, abandonment(1), a_record(an_order(1, size=size)))

    again = OneWorker()
    again.broker._logs, again.broker._groups = world.broker._logs, world.broker._groups
    await again.bus.start()
    await settle()

    assert (again.executor.log, again.outcomes(), await again.undone()) == ([], {}, 0)
    await again.bus.stop(0)


async def test_it_takes_nothing_before_it_knows_what_is_abandoned_and_stops_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("queuebit_runtime.bus.memory.reader.Reader._tell_caught_up", lambda _reader: None)
    world = OneWorker()
    await world.bus.start()
    await world.give(an_order(1))
    assert world.executor.log == []

    await world.shell.stop(0)
    await world.bus.stop(0)
    assert world.executor.log == []


@SIZES
async def test_an_order_that_was_given_up_for_lost_is_not_begun(size: str) -> None:
    world = OneWorker()
    await world.bus.start()
    await world.give(begin_by(an_order(1, size=size), 0.0), begin_by(an_order(2), 60.0))

    assert world.outcomes() == {1: "worker_lost", 2: "ok"}
    assert {line.split()[1] for line in world.executor.log} == {"2"}
    await world.bus.stop(0)


def test_what_may_not_begin_any_more_is_forgotten_and_the_rest_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "ABANDONED_MAX", 5)
    found = Orders()
    for number in range(20):
        found.abandon(UUID(int=number), START + timedelta(seconds=number), START)
    assert list(found._abandoned) == [UUID(int=number) for number in range(15, 20)]
    found.abandon(UUID(int=99), START + timedelta(seconds=99), START + timedelta(seconds=17))
    assert list(found._abandoned) == [UUID(int=number) for number in (18, 19, 99)]


def test_the_window_covers_every_order_that_may_still_begin() -> None:
    from queuebit_contracts.jobs import BUDGET_S_MAX, TIERS
    from queuebit_domain.job.limits import Limits

    assert max(BUDGET_S_MAX + Limits.of(tier).lost_after_s for tier in TIERS) < BEGIN_WITHIN_S_MAX
