"""Two jobs set side by side: how far apart their outcomes are, what ran, how deep, how well calibrated, for how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from queuebit_client.honesty.charts import Bar, Chart, svg_of
from queuebit_client.models import Attempt, Job
from queuebit_client.results.distance import Distance, distance
from queuebit_client.results.histogram import NoCounts, counts_of

UNKNOWN = "unknown"
BARS = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One property of both; `difference` in words, or "" where there is none or nothing can be said."""

    name: str
    one: str
    other: str
    difference: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """`distance` is None where the outcomes cannot be compared; `why_not` says why."""

    one: Job
    other: Job
    rows: tuple[Row, ...]
    distance: Distance | None
    why_not: str = ""

    @classmethod
    def of(cls, one: Job, other: Job) -> Comparison:
        """Of two jobs that were read with their events, where provenance stands."""
        apart, why_not = _apart(one, other)
        sides = _Side(one), _Side(other)
        return cls(one, other, tuple(_row(name, of, *sides) for name, of in ROWS), apart, why_not)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        apart = self.distance
        told = None if apart is None else {
            "total_variation": apart.value, "interval": [apart.low, apart.high], "noise": apart.noise,
            "chi_square": apart.chi_square, "freedom": apart.freedom, "differ": apart.differ,
        }  # fmt: skip
        rows = {each.name: {"one": each.one, "other": each.other, "difference": each.difference} for each in self.rows}
        ids = {"one": str(self.one.id), "other": str(self.other.id)}
        return {**ids, "distance": told, "why_not": self.why_not or None, "properties": rows}

    @property
    def verdict(self) -> str:
        """What the outcomes say, in a sentence."""
        apart = self.distance
        if apart is None:
            return f"The outcomes cannot be compared: {self.why_not}"
        told = f"total variation distance {apart.value:.4f}, 95 % interval {apart.low:.4f} to {apart.high:.4f}"
        told = f"{told}; chi-square {apart.chi_square:.1f} with {apart.freedom} degrees of freedom"
        does = "differ" if apart.differ else "do not differ"
        return f"The outcomes {does} beyond shot noise, which alone gives about {apart.noise:.4f}: {told}."

    def text(self) -> str:
        """A line a property."""
        width = [max(len(line) for line in column) for column in zip(*self._cells(), strict=True)]
        lines = ["  ".join(cell.ljust(size) for cell, size in zip(row, width, strict=True)) for row in self._cells()]
        return "\n".join([self.verdict, *(line.rstrip() for line in lines)])

    def svg(self) -> str:
        """The outcomes that differ most, those of both under each other."""
        bars: list[Bar] = []
        if self.distance is not None:
            one, other = (_shares(job) for job in (self.one, self.other))
            gap: Callable[[str], tuple[float, str]] = lambda bits: (-abs(one.get(bits, 0) - other.get(bits, 0)), bits)  # noqa: E731
            for bits in sorted(one.keys() | other.keys(), key=gap)[:BARS]:
                for nth, shares, job in (("A", one, self.one), ("B", other, self.other)):
                    bars.append(Bar(f"{nth} {bits}", job.ran.lane if job.ran else "", shares.get(bits, 0.0)))
        title = f"A {self.one.id}, B {self.other.id}"
        return svg_of([Chart("diff", title, "share of the shots", tuple(bars))])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """How a notebook shows it."""
        return {"text/plain": self.text(), "image/svg+xml": self.svg()}

    def _cells(self) -> list[tuple[str, str, str, str]]:
        return [("", "A", "B", ""), *((each.name, each.one, each.other, each.difference) for each in self.rows)]


def _apart(one: Job, other: Job) -> tuple[Distance | None, str]:
    """How far apart the outcomes are, bit for bit, however the bits are grouped in registers; else why nothing can be said."""
    try:
        first, second = _bits_of(one), _bits_of(other)
        widths = {len(bits) for bits in first}, {len(bits) for bits in second}
        if widths[0] != widths[1]:
            a, b = (max(width, default=0) for width in widths)
            return None, f"those of A have {a} bits and those of B {b}."
        return distance(first, second), ""
    except (NoCounts, ValueError):
        return None, "one of the jobs has no counts."


def _bits_of(job: Job) -> dict[str, int]:
    return {bits.replace(" ", ""): count for bits, count in counts_of(job).items()}


class _Side:
    """What is known of a job: the attempt that answered, and its provenance."""

    def __init__(self, job: Job) -> None:
        self.job = job
        said = [each["data"] for each in job.events or () if ".ExecutionSucceeded." in each["type"]]
        ran = None if job.ran is None else job.ran.backend
        chosen: Mapping[str, Any] = next((each for each in reversed(said) if each["ran"]["backend"] == ran), {})
        self.provenance: Mapping[str, Any] = chosen.get("provenance", {})
        self.attempt: Attempt | None = next(
            (each for each in reversed(job.attempts) if str(each.attempt_id) == chosen.get("attempt_id")), None
        )

    def on_target(self, name: str) -> Any:
        """Of the deepest circuit as the target ran it; None where that is not told."""
        evidence = {} if self.attempt is None else self.attempt.evidence
        circuits = (evidence.get("target") or self.provenance.get("target") or {}).get("circuits") or ()
        return max(circuits, key=lambda each: each.get("depth") or 0).get(name) if circuits else None

    @property
    def calibrated_at(self) -> datetime | None:
        told = self.provenance.get("calibrated_at") or (self.attempt.evidence if self.attempt else {}).get(
            "calibrated_at"
        )
        return None if told is None else datetime.fromisoformat(str(told))


Of = Callable[[_Side], Any]


def _row(name: str, of: Of, one: _Side, other: _Side) -> Row:
    a, b = of(one), of(other)
    return Row(name, _told(a), _told(b), _difference(a, b))


def _told(value: Any) -> str:
    match value:
        case None | "":
            return UNKNOWN
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.6g}"
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def _difference(a: Any, b: Any) -> str:
    if a in (None, "") or b in (None, "") or a == b:
        return ""
    if isinstance(a, datetime) and isinstance(b, datetime):
        return f"{(b - a).total_seconds() / 3600:+.1f} h"
    if isinstance(a, int | float) and isinstance(b, int | float) and not isinstance(a, bool):
        return f"{b - a:+.6g}" + (f" ({(b - a) / a:+.1%})" if a else "")
    return "differs"


def _cost(side: _Side) -> str:
    cost = side.job.cost
    paid = [(cost.amount, cost.currency), *((each.amount, each.currency) for each in cost.further or ())]
    return " + ".join(f"{amount} {currency}" for amount, currency in paid)


def _packages(side: _Side) -> str | None:
    packages = side.provenance.get("packages")
    return ", ".join(f"{name} {which}" for name, which in sorted(packages.items())) if packages else None


def _seed(side: _Side) -> str | None:
    """As a name: how far apart two are says nothing."""
    told = (side.provenance.get("seeds") or {}).get("job")
    return None if told is None else str(told)


def _transpiler(side: _Side) -> str | None:
    told = side.provenance.get("transpiler")
    return ", ".join(f"{name} {value}" for name, value in sorted(told.items())) if told else None


def _shares(job: Job) -> dict[str, float]:
    counts = _bits_of(job)
    shots = sum(counts.values())
    return {bits: count / shots for bits, count in counts.items()}


ROWS: tuple[tuple[str, Of], ...] = (
    ("state", lambda side: side.job.state),
    ("kind", lambda side: side.job.kind),
    ("verdict", lambda side: side.job.verdict),
    ("backend", lambda side: side.job.ran.backend if side.job.ran else None),
    ("backend version", lambda side: side.job.ran.backend_version if side.job.ran else None),
    ("method", lambda side: side.job.ran.method if side.job.ran else None),
    ("circuit", lambda side: str(side.provenance.get("circuit_fingerprint") or "")[:16]),
    ("seed", _seed),
    ("shots", lambda side: side.provenance.get("shots")),
    ("depth", lambda side: side.on_target("depth")),
    ("two-qubit gates", lambda side: side.on_target("gates_2q")),
    ("one-qubit gates", lambda side: side.on_target("gates_1q")),
    ("layout", lambda side: side.on_target("layout")),
    ("estimated success", lambda side: side.on_target("success")),
    ("calibrated", lambda side: side.calibrated_at),
    ("transpiler", _transpiler),
    ("packages", _packages),
    ("confidence", lambda side: side.job.confidence.value if side.job.confidence else None),
    ("seconds", lambda side: side.job.usage.wall_s or None),
    ("seconds charged", lambda side: side.job.usage.qpu_s or None),
    ("cost", _cost),
)
"""What is compared, in this order."""
