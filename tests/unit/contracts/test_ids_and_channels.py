"""Ids repeat and keep the order of time; every event has its channels."""

from __future__ import annotations

import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuebit_contracts import channels, events
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.failures import FAILURES, FailureCode, remedy_on
from queuebit_contracts.ids import (
    asked_job_id_of,
    asked_key_of,
    derive_id,
    event_id_of,
    id_bytes,
    job_id_of,
    refusal_id_of,
    time_ms_of,
    time_ordered_key,
    uuid7,
    uuid_from,
)
from queuebit_contracts.jobs import LANES, TIERS, Lane


class DriversId(UUID):
    """As the ids that a database driver gives: not exactly of the class."""


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


@given(st.text(max_size=9), st.text(max_size=9), st.text(max_size=9), st.text(max_size=9))
def test_an_event_is_its_source_and_its_id(source: str, name: str, other_source: str, other_name: str) -> None:
    same = (source, name) == (other_source, other_name)
    assert (event_id_of(source, name) == event_id_of(other_source, other_name)) == same
    event_id = uuid7(5, 5)
    for derived in (asked_job_id_of, refusal_id_of):
        assert derived("acme", source, event_id) != derived("globex", source, event_id)
        assert (derived("acme", source, event_id) == derived("acme", other_source, event_id)) == (
            source == other_source
        )
    assert (asked_key_of(source, event_id) == asked_key_of(other_source, event_id)) == (source == other_source)


@pytest.mark.parametrize(("key", "ordered"), [(str(uuid7(5, 5)), True), ("order-1", False), (str(UUID(int=4)), False)])
def test_only_a_uuid7_is_a_time_ordered_key(key: str, ordered: bool) -> None:
    assert (time_ordered_key(key) is not None) == ordered


def test_ids_never_change() -> None:
    assert str(derive_id(uuid7(1_700_000_000_000, 42), "job", "acme")) == "018bcfe5-6800-823a-a3be-2e9b632ee887"


@given(times, randoms, st.text(max_size=20), st.text(max_size=20))
def test_the_layout_of_ids_is_that_of_their_versions(time_ms: int, random: int, name: str, scope: str) -> None:
    """UUIDv7 is time, 7, 12 random bits, variant, 62 random bits; UUIDv8 the same with the first 80 bits of the hash."""
    minted, derived = uuid7(time_ms, random), derive_id(uuid7(time_ms, random), name, scope)
    hashed = int.from_bytes(
        hashlib.sha256(b"\x1f".join((minted.bytes, scope.encode(), name.encode()))).digest()[:10], "big"
    )

    for made, version, bits in ((minted, 7, random), (derived, 8, hashed)):
        fields = (time_ms << 80, version << 76, (bits >> 62 & 0xFFF) << 64, 0b10 << 62, bits & (1 << 62) - 1)
        whole = UUID(int=sum(fields))
        assert (made, made.is_safe) == (whole, whole.is_safe)


@given(st.uuids())
def test_an_id_is_written_as_everywhere(value: UUID) -> None:
    assert id_bytes(value) == str(value).encode()
    assert id_bytes(DriversId(value.hex)) == str(value).encode()


HEX = "0123456789abcdefABCDEF"
shapes = st.sampled_from(
    ["{}", "{{{}}}", "urn:uuid:{}", " {}", "+{}", "{}-", "-{}", "0x{}", "{}g", "{}\n", "_{}", "é{}"]
)
texts = st.builds(str.format, shapes, st.text(HEX + "-_", min_size=28, max_size=38) | st.uuids().map(str))


@given(texts | st.text(max_size=40))
def test_a_text_is_an_id_exactly_where_the_standard_library_says_so(text: str) -> None:
    try:
        expected: UUID | None = UUID(text)
    except ValueError:
        expected = None

    try:
        found: UUID | None = uuid_from(text)
    except ValueError:
        found = None

    assert found == expected


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


@pytest.mark.parametrize("lane", ["quantum", "simulator", "classical", "rule"])
@pytest.mark.parametrize("code", FailureCode)
def test_no_remedy_advises_the_lane_that_failed(code: FailureCode, lane: Lane) -> None:
    told = remedy_on(code, lane)

    assert told.endswith(".")
    assert f"{lane} lane" not in told


@pytest.mark.parametrize(("lane", "advised"), [("simulator", "classical"), ("classical", "simulator")])
def test_a_remedy_advises_the_lane_that_may_do_better(lane: Lane, advised: str) -> None:
    told = remedy_on(FailureCode.PROBLEM_TOO_LARGE, lane)

    assert told == f"Use the {advised} lane, or state a smaller problem."
