"""Retry, dead letters, partitions, sizes and topics: pure rules."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuebit_contracts.channels import BACKENDS, BY_TOPIC, CHANNELS, SUBMITTED, dead_letter
from queuebit_runtime.bus.kafka.topics import TopicPlan, plan_topic
from queuebit_runtime.bus.partitioner import murmur2, partition_of
from queuebit_runtime.bus.port import Outgoing, RecordTooLarge
from queuebit_runtime.bus.record_size import check_size, topic_bytes_max
from queuebit_runtime.retry import Backoff
from queuebit_runtime.telemetry.trace_context import fresh_traceparent, sampled_parent, with_parent


@pytest.mark.parametrize(
    ("attempt", "fraction", "delay_s"),
    [(1, 1.0, 0.1), (2, 1.0, 0.2), (3, 0.5, 0.2), (9, 1.0, 5.0), (5000, 1.0, 5.0), (4, 0.0, 0.01)],
)
def test_it_doubles_the_pause_up_to_its_ceiling_with_full_jitter(attempt: int, fraction: float, delay_s: float) -> None:
    assert Backoff(base_s=0.1, ceiling_s=5.0, floor_s=0.01).delay_s(attempt, fraction) == pytest.approx(delay_s)


def test_it_ends_after_so_many_attempts() -> None:
    policy = Backoff(attempts_max=3)
    assert [policy.delay_s(attempt, 1.0) is None for attempt in (1, 2, 3, 4)] == [False, False, True, True]


@given(st.binary(max_size=60))
def test_it_hashes_keys_as_kafka_does(key: bytes) -> None:
    from aiokafka.partitioner import murmur2 as reference  # type: ignore[import-untyped]

    assert murmur2(key) == reference(key) & 0xFFFFFFFF
    assert partition_of(key, 7) == (reference(key) & 0x7FFFFFFF) % 7


def test_it_refuses_what_no_topic_takes_and_gives_dead_letters_more_room() -> None:
    check_size(Outgoing(SUBMITTED, b"k", b"x" * 4 * 1024 * 1024, [("a", b"b")]))
    with pytest.raises(RecordTooLarge):
        check_size(Outgoing(SUBMITTED, b"k", b"x" * topic_bytes_max(SUBMITTED), []))
    check_size(Outgoing(dead_letter("control-plane"), b"k", b"x" * topic_bytes_max(SUBMITTED), []))


def test_it_plans_each_topic_from_the_channel_table() -> None:
    assert plan_topic(BY_TOPIC[BACKENDS], "ns", 3) == TopicPlan(
        "ns.backends.status",
        1,
        3,
        {
            "retention.ms": "604800000",
            "cleanup.policy": "compact",
            "max.message.bytes": str(4 * 1024 * 1024 + 256 * 1024),
            "min.insync.replicas": "2",
        },
    )
    single = plan_topic(BY_TOPIC[SUBMITTED], "", 1)
    assert (single.name, single.config["min.insync.replicas"], single.config["cleanup.policy"]) == (
        SUBMITTED,
        "1",
        "delete",
    )
    assert len({plan_topic(channel, "", 1).name for channel in CHANNELS}) == len(CHANNELS)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", True),
        (b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03", True),
        (b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", False),
        (b"00-00000000000000000000000000000000-b7ad6b7169203331-01", False),
        (b"00-zzz7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", False),
        (b"1", False),
        (b"", False),
    ],
)
def test_it_follows_only_sound_traces_that_are_kept(value: bytes, found: bool) -> None:
    headers = [("a", b"1"), ("traceparent", value)]
    assert sampled_parent(headers) == (value if found else None)


def test_it_puts_another_parent_in_the_place_of_the_old() -> None:
    assert with_parent([("traceparent", b"old"), ("a", b"1")], b"new") == [("a", b"1"), ("traceparent", b"new")]


def test_it_keeps_the_share_of_new_traces_that_was_asked_for() -> None:
    fresh = [UUID(int=(7 << 76) | (number * 0x9E3779B97F4A7C15 & ((1 << 62) - 1))) for number in range(1, 4000)]
    kept = sum(sampled_parent([("traceparent", fresh_traceparent(each, 0.25).encode())]) is not None for each in fresh)
    assert 800 < kept < 1200
    assert {fresh_traceparent(each, 0.0)[-2:] for each in fresh} == {"00"}
    assert {fresh_traceparent(each, 1.0)[-2:] for each in fresh} == {"01"}
