"""What becomes of a reader whose polls fail or whose loop ends."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import (  # type: ignore[import-untyped]
    CorruptRecordException,
    GroupAuthorizationFailedError,
    UnsupportedCodecError,
)

from queuebit_contracts.channels import SUBMITTED
from queuebit_runtime.bus.delivery import FAILING_S
from queuebit_runtime.bus.kafka.consumer import ReadSettings
from queuebit_runtime.bus.kafka.reading import Reader
from queuebit_runtime.bus.port import Delivery, Subscription
from tests.fakes.moved_clock import MovedClock


async def ignore(delivery: Delivery) -> None:
    delivery.done_all()


def a_reader(clock: MovedClock) -> Reader:
    return Reader(Subscription((SUBMITTED,), "g", ignore), "", ReadSettings(), clock, lambda: 0.5)


def answer(reader: Reader, error: Exception) -> bool:
    try:
        raise error
    except Exception as raised:
        return reader.broken_by(raised)


@pytest.mark.parametrize(
    "error", [CorruptRecordException("Invalid CRC"), UnsupportedCodecError("lz4"), UnicodeError("x"), AssertionError()]
)
async def test_a_poll_that_loses_records_ends_the_reading(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    reader = a_reader(MovedClock())
    assert answer(reader, error)
    assert (reader.healthy(), bool(reader.stuck())) == (False, True)
    assert not await asyncio.wait_for(reader.may_read(), 5)
    assert "Reading of group g has ended" in caplog.text


async def test_an_answer_of_the_broker_is_waited_out_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    """Given a broker that refuses, then it is logged each time; in half a minute not healthy; later it needs a restart."""
    clock = MovedClock()
    reader = a_reader(clock)
    assert not answer(reader, GroupAuthorizationFailedError("g"))
    assert "GroupAuthorizationFailedError" in caplog.text
    assert (reader.healthy(), bool(reader.stuck())) == (True, False)
    await clock.advance(FAILING_S)
    assert not answer(reader, GroupAuthorizationFailedError("g"))
    assert (reader.healthy(), bool(reader.stuck())) == (False, False)
    await clock.advance(reader.settings.stall_s)
    assert (reader.healthy(), bool(reader.stuck())) == (False, True)


async def test_a_loop_that_has_ended_needs_a_restart_and_says_so() -> None:
    reader = a_reader(MovedClock())
    reader.loop = asyncio.ensure_future(asyncio.sleep(0))
    assert reader.healthy()
    await reader.loop
    assert (reader.healthy(), bool(reader.stuck())) == (False, True)
    assert str(reader.stuck()) == "The loop that reads for group g has ended."


async def test_a_loop_that_ends_with_the_service_is_no_fault() -> None:
    reader = a_reader(MovedClock())
    reader.loop = asyncio.ensure_future(asyncio.sleep(0))
    await reader.drain(0)
    await reader.loop
    assert not reader.stuck()
