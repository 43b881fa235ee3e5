"""Ids repeat and keep the order of time; every event has its channels."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuebit_contracts import channels, events
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.failures import FAILURES, FailureCode
from queuebit_contracts.ids import derive_id, job_id_of, time_ms_of, time_ordered_key, uuid7
from queuebit_contracts.jobs import LANES, TIERS

times = st.integers(0, 2**48 - 1)
randoms = st.integers(0, 2**74 - 1)


@given(times, randoms, st.text(max_size=20))
def test_a_derived_id_repeats_and_keeps_the_time_of_its_cause(time_ms: int, random: int, name: str) -> None:
    cause = uuid7(time_ms, random)
    derived = derive_id(cause, name)

    assert (cause.version, derived.version, derived.variant) == (7, 8, cause.variant)
    assert time_ms_of(derived) == time_ms_of(cause) == time_ms
    assert derived == derive_id(cause, name) != derive_id(cause, name + "x")


@given(times, times, randoms, randoms)
def test_minted_ids_sort_by_time(first: int, second: int, left: int, right: int) -> None:
    if first < second:
        assert uuid7(first, left) < uuid7(second, right)


def test_the_same_key_of_two_tenants_is_two_jobs() -> None:
    key = uuid7(1, 2)
    assert job_id_of("a", key) != job_id_of("b", key)


@pytest.mark.parametrize(("key", "ordered"), [(str(uuid7(5, 5)), True), ("order-1", False), (str(UUID(int=4)), False)])
def test_only_a_uuid7_is_a_time_ordered_key(key: str, ordered: bool) -> None:
    assert (time_ordered_key(key) is not None) == ordered


def test_ids_never_change() -> None:
    assert str(derive_id(uuid7(1_700_000_000_000, 42), "job", "acme")) == "018bcfe5-6800-823a-a3be-2e9b632ee887"


def test_key_order_does_not_change_a_fingerprint() -> None:
    assert fingerprint({"b": 1, "a": [1.5, "x"]}) == fingerprint({"a": [1.5, "x"], "b": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 1.0})


def test_every_event_is_published_on_channels_that_carry_it() -> None:
    for model in events.JobEvent.__args__:
        orders = [(lane, tier) for lane in LANES for tier in TIERS] if model is events.JobQueued else [(None, None)]
        for lane, tier in orders:
            topics = channels.topics_of(model.__name__, lane=lane, tier=tier)
            assert topics[-1] == channels.LIFECYCLE
            for topic in topics:
                assert model in channels.BY_TOPIC[topic].messages, (model, topic)


def test_every_topic_is_listed_once_and_every_message_has_a_reader_or_is_for_others() -> None:
    assert len(channels.BY_TOPIC) == len(channels.CHANNELS)
    for lane in LANES:
        for tier in TIERS:
            assert channels.queued(channels.family_of(lane), tier) in channels.BY_TOPIC


def test_every_failure_has_a_meaning_and_a_remedy() -> None:
    assert set(FAILURES) == set(FailureCode)
    assert all(failure.meaning.endswith(".") and failure.remedy.endswith(".") for failure in FAILURES.values())
