"""Durations are shown as prometheus_client shows its own histogram."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from queuebit_runtime.telemetry.durations import Durations
from queuebit_runtime.telemetry.metrics import DURATION_BUCKETS_S
from tests.fakes.clocks import StoppedClock

disable_created_metrics()  # type: ignore[no-untyped-call]
SECONDS = st.one_of(st.sampled_from(DURATION_BUCKETS_S), st.floats(0, 100))


def ours(labels: tuple[str, ...] = ()) -> tuple[Durations, CollectorRegistry]:
    registry, made = CollectorRegistry(), Durations("took_seconds", "How long it took.", labels, StoppedClock())
    registry.register(made)
    return made, registry


def theirs(labels: tuple[str, ...] = ()) -> tuple[Histogram, CollectorRegistry]:
    registry = CollectorRegistry()
    made = Histogram("took_seconds", "How long it took.", labels, registry=registry, buckets=DURATION_BUCKETS_S)
    return made, registry


@given(st.lists(SECONDS, max_size=20))
def test_many_at_once_are_shown_as_one_by_one(values: list[float]) -> None:
    (many, our_registry), (one_by_one, their_registry) = ours(("lane",)), theirs(("lane",))

    many.labels("rule").observe_all(values)
    series = one_by_one.labels("rule")
    for value in values:
        series.observe(value)

    found, wanted = generate_latest(our_registry).decode(), generate_latest(their_registry).decode()
    assert found.splitlines()[:-1] == wanted.splitlines()[:-1]
    assert float(found.rsplit(" ", 1)[1]) == pytest.approx(float(wanted.rsplit(" ", 1)[1]))


def test_a_family_without_labels_is_there_from_the_beginning() -> None:
    assert generate_latest(ours()[1]) == generate_latest(theirs()[1])
    assert generate_latest(ours(("lane",))[1]) == generate_latest(theirs(("lane",))[1])


def test_the_last_example_of_a_bucket_names_its_trace_and_its_moment() -> None:
    made, registry = ours()

    made.labels().observe(0.3, {"trace_id": "before"})
    made.labels().observe(0.4, {"trace_id": "last"})
    made.labels().observe(0.45)

    text = openmetrics.generate_latest(registry).decode()  # type: ignore[no-untyped-call]
    moment_s = StoppedClock().now().timestamp()
    (line,) = [line for line in text.splitlines() if "#" in line and "trace_id" in line]
    assert line == f'took_seconds_bucket{{le="0.5"}} 3.0 # {{trace_id="last"}} 0.4 {moment_s}'
