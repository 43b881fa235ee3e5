"""What becomes of a reader whose polls fail or whose loop ends."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import GroupAuthorizationFailedError  # type: ignore[import-untyped]

from queuebit_contracts.channels import SUBMITTED
from queuebit_runtime.bus.delivery import FAILING_S
from queuebit_runtime.bus.kafka.reading import Reader
from queuebit_runtime.bus.kafka.settings import ReadSettings
from queuebit_runtime.bus.kafka.unpacking import Reread
from queuebit_runtime.bus.port import Delivery, Subscription
from tests.fakes.moved_clock import MovedClock


async def ignore(delivery: Delivery) -> None:
    delivery.done_all()


async def read_nothing(place: object, offset: int, error: Exception) -> Reread:
    raise AssertionError("nothing is read again")


def a_reader(clock: MovedClock) -> Reader:
    return Reader(Subscription((SUBMITTED,), "g", ignore), "", ReadSettings(), clock, lambda: 0.5, read_nothing)


async def test_an_answer_of_the_broker_is_waited_out_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    """Given a broker that refuses, then it is logged each time; in half a minute not healthy; later it needs a restart."""
    clock = MovedClock()
    reader = a_reader(clock)
    refusal = GroupAuthorizationFailedError("g")
    reader.liveness.refused(refusal)
    assert "GroupAuthorizationFailedError" in caplog.text
    assert (reader.healthy(), bool(reader.stuck())) == (True, False)
    await clock.advance(FAILING_S)
    reader.liveness.refused(refusal)
    assert (reader.healthy(), bool(reader.stuck())) == (False, False)
    await clock.advance(reader.settings.stall_s)
    assert (reader.healthy(), bool(reader.stuck())) == (False, True)
    reader.liveness.answered()
    assert (reader.healthy(), bool(reader.stuck())) == (True, False)


async def test_a_loop_that_has_ended_needs_a_restart_and_says_so() -> None:
    reader = a_reader(MovedClock())
    reader.liveness.loop = asyncio.ensure_future(asyncio.sleep(0))
    assert reader.healthy()
    await reader.liveness.loop
    assert (reader.healthy(), bool(reader.stuck())) == (False, True)
    assert str(reader.stuck()) == "The loop that reads for group g has ended."


async def test_a_loop_that_ends_with_the_service_is_no_fault() -> None:
    reader = a_reader(MovedClock())
    reader.liveness.loop = asyncio.ensure_future(asyncio.sleep(0))
    await reader.drain(0)
    await reader.liveness.loop
    assert not reader.stuck()
