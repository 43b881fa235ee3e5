"""Figures as plain values: percentiles, and the document that a run writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

PIPELINE_KEYS = (
    "jobs_per_s",
    "rounds_jobs_per_s",
    "idle_p50_ms",
    "idle_p99_ms",
    "half_load",
    "rss_mb",
    "rss_idle_mb",
    "records_per_job",
    "statements_per_job",
    "cpu_us_per_job",
    "cpu_us_per_job_total",
    "repeats",
)
STORE_KEYS = (
    "append_events_per_s",
    "relay_events_per_s",
    "consume_events_per_s",
    "rebuild_events_per_s",
    "project_events_per_s",
)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie, between two of them by straight line.

    Raises ValueError where there are none.
    """
    if not values:
        raise ValueError("There are no values.")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles in milliseconds."""

    jobs: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float


def latency_of(seconds: Sequence[float]) -> Latency:
    """The percentiles of latencies given in seconds."""
    ms = [each * 1000 for each in seconds]
    return Latency(len(ms), percentile(ms, 0.5), percentile(ms, 0.9), percentile(ms, 0.99), max(ms))


@dataclass(frozen=True, slots=True)
class BurstFigures:
    """Full load. `cpu_us_per_job`: CPU microseconds of each process a job, its children included."""

    rounds_jobs_per_s: tuple[float, ...]
    cpu_us_per_job: Mapping[str, float]

    @property
    def jobs_per_s(self) -> float:
        """The median of the rounds."""
        return median(self.rounds_jobs_per_s)

    @property
    def cpu_us_total(self) -> float:
        """What one job costs on the whole machine. Unlike the rate it hardly depends on what else runs there."""
        return sum(self.cpu_us_per_job.values())

    def joined(self, other: BurstFigures) -> BurstFigures:
        """The rounds of both, and the mean of what they cost."""
        costs = {name: (us + other.cpu_us_per_job[name]) / 2 for name, us in self.cpu_us_per_job.items()}
        return BurstFigures((*self.rounds_jobs_per_s, *other.rounds_jobs_per_s), costs)


@dataclass(frozen=True, slots=True)
class PipelineFigures:
    """What one pipeline did."""

    burst: BurstFigures
    idle: Latency
    half_load: Latency
    half_load_jobs_per_s: float
    records_per_job: float
    statements_per_job: float
    rss_idle_mb: Mapping[str, float]
    rss_mb: Mapping[str, float]
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """Events a second: appended by the store alone, relayed to Kafka, consumed and decoded, folded again into heads, and into
    the projection of which that takes longest.
    """

    append_events_per_s: float
    relay_events_per_s: float
    consume_events_per_s: float
    rebuild_events_per_s: float
    project_events_per_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a run measured; a part that was left out is None.

    `plain` is what `telemetry` and `policy` are to be compared with: the services as they are, asked the same questions just
    before and between. By then the store has grown, and what was measured at first is no measure any more.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    bare: PipelineFigures | None = None
    queuebit: PipelineFigures | None = None
    store: StoreFigures | None = None
    plain: BurstFigures | None = None
    telemetry: BurstFigures | None = None
    policy: BurstFigures | None = None

    @property
    def ratio(self) -> float | None:
        """Queuebit's throughput over that of the bare pipeline in the same run."""
        if self.bare is None or self.queuebit is None:
            return None
        return self.queuebit.burst.jobs_per_s / self.bare.burst.jobs_per_s


def document(figures: Figures) -> dict[str, Any]:
    """The JSON document of a run: every key is always there, null for what was not measured."""
    ours = _pipeline(figures.queuebit)
    bare = _pipeline(figures.bare)
    store = dict.fromkeys(STORE_KEYS) if figures.store is None else asdict(figures.store)
    return {
        "jobs_per_s": ours["jobs_per_s"],
        "bare_jobs_per_s": bare["jobs_per_s"],
        "ratio": _round(figures.ratio, 3),
        **{name: value for name, value in ours.items() if name != "jobs_per_s"},
        **{name: _round(value) for name, value in store.items()},
        "plain": None if figures.plain is None else _burst(figures.plain),
        "telemetry": None if figures.telemetry is None else _burst(figures.telemetry),
        "policy": None if figures.policy is None else _burst(figures.policy),
        "bare": bare,
        "settings": dict(figures.settings),
    }


def _pipeline(of: PipelineFigures | None) -> dict[str, Any]:
    if of is None:
        return dict.fromkeys(PIPELINE_KEYS)
    return {
        **_burst(of.burst),
        "idle_p50_ms": _round(of.idle.p50_ms),
        "idle_p99_ms": _round(of.idle.p99_ms),
        "half_load": {"jobs_per_s": _round(of.half_load_jobs_per_s), **_rounded(asdict(of.half_load))},
        "rss_mb": _rounded(of.rss_mb),
        "rss_idle_mb": _rounded(of.rss_idle_mb),
        "records_per_job": _round(of.records_per_job, 2),
        "statements_per_job": _round(of.statements_per_job, 3),
        "repeats": of.repeats,
    }


def _burst(of: BurstFigures) -> dict[str, Any]:
    return {
        "jobs_per_s": _round(of.jobs_per_s),
        "rounds_jobs_per_s": [_round(each) for each in of.rounds_jobs_per_s],
        "cpu_us_per_job": _rounded(of.cpu_us_per_job),
        "cpu_us_per_job_total": _round(of.cpu_us_total),
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _round(value) for name, value in values.items()}


def _round(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)
