"""The pure parts of the benchmark: percentiles, the document, what stands against a bar."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queuebit_workbench.bench.figures import (
    BurstFigures,
    Figures,
    Latency,
    PipelineFigures,
    StoreFigures,
    document,
    latency_of,
    percentile,
)
from queuebit_workbench.bench.table import verdicts

CONTRACT = {
    "jobs_per_s", "bare_jobs_per_s", "idle_p50_ms", "idle_p99_ms", "append_events_per_s", "relay_events_per_s",
    "consume_events_per_s", "rebuild_events_per_s", "project_events_per_s",
    "rss_mb", "settings", "ratio", "half_load", "records_per_job",
    "statements_per_job", "cpu_us_per_job",
}  # fmt: skip


def a_pipeline(jobs_per_s: float, idle_p50_ms: float = 12.0) -> PipelineFigures:
    latency = Latency(60, idle_p50_ms, 20.0, 30.0, 40.0)
    return PipelineFigures(
        burst=BurstFigures((jobs_per_s - 1, jobs_per_s, jobs_per_s + 9), {"control_plane": 400.0, "kafka-1": 150.0}),
        idle=latency,
        half_load=latency,
        half_load_jobs_per_s=jobs_per_s / 2,
        records_per_job=12.0,
        statements_per_job=0.0234,
        rss_idle_mb={"control_plane": 60.0},
        rss_mb={"control_plane": 100.0},
    )


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7.0], 0.99, 7.0),
        ([1.0, 2.0], 0.5, 1.5),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([0.0, 10.0, 20.0, 30.0, 40.0], 0.9, 36.0),
        ([1.0, 2.0, 3.0], 0.0, 1.0),
        ([1.0, 2.0, 3.0], 1.0, 3.0),
    ],
)
def test_a_percentile_lies_between_its_neighbours(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == pytest.approx(expected)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_percentiles_rise_with_their_share_and_stay_within_the_values(
    values: list[float], one: float, other: float
) -> None:
    low, high = (percentile(values, share) for share in sorted((one, other)))
    assert low <= high or math.isclose(low, high)
    assert min(values) <= low <= max(values)


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_latencies_are_told_in_milliseconds() -> None:
    told = latency_of([0.25, 0.5, 0.75])
    assert (told.jobs, told.p50_ms, told.max_ms) == (3, 500.0, 750.0)
    assert (told.p90_ms, told.p99_ms) == pytest.approx((700.0, 745.0))


def test_the_ratio_is_that_of_the_medians_of_one_run() -> None:
    assert Figures(bare=a_pipeline(4000.0), queuebit=a_pipeline(1400.0)).ratio == pytest.approx(0.35)
    assert Figures(queuebit=a_pipeline(1400.0)).ratio is None


def test_rounds_join_and_costs_are_averaged() -> None:
    joined = BurstFigures((1.0, 2.0), {"a": 10.0}).joined(BurstFigures((3.0,), {"a": 30.0}))
    assert joined == BurstFigures((1.0, 2.0, 3.0), {"a": 20.0})
    assert (joined.jobs_per_s, joined.cpu_us_total) == (2.0, 20.0)


def test_the_document_has_every_figure_of_a_whole_run() -> None:
    figures = Figures(
        settings={"cores": 2},
        bare=a_pipeline(4000.0),
        queuebit=a_pipeline(1400.0),
        store=StoreFigures(1.0, 2.0, 3.0, 4.0, 5.0),
        plain=BurstFigures((1000.0,), {"control_plane": 450.0}),
        telemetry=BurstFigures((900.0,), {"control_plane": 500.0}),
        policy=BurstFigures((950.0,), {"control_plane": 480.0}),
    )
    written = json.loads(json.dumps(document(figures)))
    assert set(written) >= CONTRACT
    assert None not in written.values()
    assert {name: written[name] for name in ("jobs_per_s", "bare_jobs_per_s", "ratio", "rss_mb", "settings")} == {
        "jobs_per_s": 1400.0,
        "bare_jobs_per_s": 4000.0,
        "ratio": 0.35,
        "rss_mb": {"control_plane": 100.0},
        "settings": {"cores": 2},
    }


def test_the_document_of_a_part_has_the_same_keys_and_nothing_in_them() -> None:
    whole = document(Figures(bare=a_pipeline(4000.0), queuebit=a_pipeline(1400.0)))
    part = document(Figures(bare=a_pipeline(4000.0)))
    assert set(part) == set(whole)
    assert part["bare_jobs_per_s"] == 4000.0
    assert {part[name] for name in ("jobs_per_s", "ratio", "idle_p50_ms", "rss_mb", "append_events_per_s")} == {None}


def test_a_missed_bar_is_said_to_be_missed() -> None:
    lines = verdicts(Figures(bare=a_pipeline(4000.0), queuebit=a_pipeline(900.0)))
    assert [line.split()[0] for line in lines] == ["MISS", "ok", "MISS"]


def test_what_is_left_with_telemetry_is_measured_by_the_services_as_they_were_beside_it() -> None:
    """Given a store that has grown since the first measurement, then that one does not count."""
    told = verdicts(
        Figures(
            queuebit=a_pipeline(1400.0),
            plain=BurstFigures((1000.0,), {"control_plane": 450.0}),
            telemetry=BurstFigures((950.0,), {"control_plane": 500.0}),
            policy=BurstFigures((850.0,), {"control_plane": 480.0}),
        )
    )
    assert told[2:] == [
        "ok   throughput left, telemetry on: 0.95 (bar: ≥ 0.9)",
        "     telemetry on: 950 jobs/s instead of 1,000; CPU of the services 500 µs a job instead of 450",
        "MISS throughput left, under the policy: 0.85 (bar: ≥ 0.9)",
        "     under the policy: 850 jobs/s instead of 1,000; CPU of the services 480 µs a job instead of 450",
    ]
