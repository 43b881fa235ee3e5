"""What retention took unread is told once, whatever rebalances follow, and it is said where that is not known."""

from __future__ import annotations

import logging
from typing import Any, cast

import pytest
from aiokafka import TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import RequestTimedOutError  # type: ignore[import-untyped]

from queuebit_runtime.bus.delivery import Member
from queuebit_runtime.bus.kafka.standing import Standing
from queuebit_runtime.bus.port import Subscription
from tests.fakes.clocks import StoppedClock

TOPIC = "jobs.submitted"


class Consumer:
    """What a group has committed on one partition, and where that begins."""

    def __init__(self) -> None:
        self.begins, self.stands = 100, 40
        self.fails = False

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        if self.fails:
            raise RequestTimedOutError
        return dict.fromkeys(places, self.begins)

    async def committed(self, _: TopicPartition) -> int:
        return self.stands


async def never(_: Any) -> None:
    raise AssertionError("nothing is delivered")


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


@pytest.fixture
def standing(consumer: Consumer) -> Standing:
    member = Member(Subscription((TOPIC,), "control-plane", never), StoppedClock(), fraction=lambda: 0.5)
    member.assign([(TOPIC, 0)])
    return Standing(cast(Any, consumer), member, "")


async def test_it_is_counted_once_and_what_goes_later_on_top(consumer: Consumer, standing: Standing) -> None:
    counts: list[int] = []
    for begins in (100, 100, 130):
        consumer.begins = begins
        standing.restart()
        await standing.look_behind()
        counts.append(standing.gone[TOPIC])

    assert counts == [60, 60, 90]


async def test_where_the_brokers_do_not_say_it_is_not_taken_for_nothing(
    consumer: Consumer, standing: Standing, caplog: pytest.LogCaptureFixture
) -> None:
    consumer.fails = True

    await standing.look_behind()

    (told,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told.startswith("It is not known whether retention took what group control-plane had not read:")
    assert standing.gone == {}
