"""Outcomes of a circuit as a histogram: the share of each with its 95 % interval (Wilson), as text, as SVG, in notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from queuebit_client.errors import QueuebitError
from queuebit_client.honesty.charts import Bar, Chart, svg_of
from queuebit_client.models import Job
from queuebit_contracts.intervals import wilson

TOP = 16
WIDTH = 40
LABEL_MAX = 34


class NoCounts(QueuebitError):
    """The job has no outcomes that can be counted."""

    code = "no_counts"
    remedy = "Only a completed job that samples a circuit (kind circuit_sampling) carries its counts in its answer."


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome, as Qiskit writes its bits. `low` and `high`: the 95 % interval of its true share."""

    bits: str
    count: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Those that were seen most, the most frequent first. `others`: how many further outcomes, `others_count` how often."""

    title: str
    lane: str
    shots: int
    outcomes: tuple[Outcome, ...]
    others: int = 0
    others_count: int = 0

    @classmethod
    def of(cls, counts: Mapping[str, int], *, title: str = "Outcomes", lane: str = "", top: int = TOP) -> Histogram:
        """Raises NoCounts where nothing was counted."""
        shots = sum(counts.values())
        if shots <= 0:
            raise NoCounts
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        shown, rest = ordered[:top], ordered[top:]
        outcomes = tuple(Outcome(bits, n, n / shots, *wilson(n / shots, shots)) for bits, n in shown)
        return cls(title, lane, shots, outcomes, len(rest), sum(count for _, count in rest))

    @classmethod
    def of_job(cls, job: Job, *, top: int = TOP) -> Histogram:
        """The outcomes in a job's answer. Raises NoCounts where it has none."""
        where = "" if job.ran is None else f" on {job.ran.backend}"
        lane = "" if job.ran is None else job.ran.lane
        return cls.of(counts_of(job), title=f"Job {job.id}: {job.kind}{where}", lane=lane, top=top)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "title": self.title,
            "shots": self.shots,
            "outcomes": [
                {"bits": each.bits, "count": each.count, "share": each.share, "interval": [each.low, each.high]}
                for each in self.outcomes
            ],
            "others": self.others,
            "others_count": self.others_count,
        }

    def text(self) -> str:
        """A line an outcome; a bar for its share, a line on it for its interval."""
        scale = max(each.high for each in self.outcomes)
        wide = max(len(each.bits) for each in self.outcomes)
        lines = [f"{self.title}, {self.shots} shots, shares with 95 % intervals"]
        for each in self.outcomes:
            low, end, high = (round(WIDTH * value / scale) for value in (each.low, each.share, each.high))
            bar = "█" * low + "▓" * (end - low) + "░" * (high - end)
            lines.append(f"{each.bits:>{wide}}  {bar:<{WIDTH}}  {each.share:.4f} [{each.low:.4f}, {each.high:.4f}]")
        if self.others:
            lines.append(f"and {self.others} more, {self.others_count} times")
        return "\n".join(lines)

    def svg(self) -> str:
        """A picture."""
        bars = [
            Bar(_short(each.bits), self.lane, each.share, each.low, each.high, f"({each.count})")
            for each in self.outcomes
        ]
        if self.others:
            share = self.others_count / self.shots
            bars.append(Bar(f"{self.others} more", "", share, note=f"({self.others_count})"))
        return svg_of([Chart("histogram", self.title, f"share of {self.shots} shots", tuple(bars))])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """How a notebook shows it."""
        return {"text/plain": self.text(), "image/svg+xml": self.svg()}


def counts_of(job: Job) -> Mapping[str, int]:
    """How often each outcome of a job was seen. Raises NoCounts."""
    counts = (job.answer or {}).get("counts")
    if not isinstance(counts, Mapping) or not all(isinstance(n, int) and n >= 0 for n in counts.values()):
        raise NoCounts(f"The job {job.id} ({job.kind}, {job.state}) has no counts in its answer.", job_id=str(job.id))
    return counts


def _short(bits: str) -> str:
    return bits if len(bits) <= LABEL_MAX else f"{bits[: LABEL_MAX - 1]}…"
