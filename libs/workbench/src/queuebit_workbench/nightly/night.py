"""One night as it is kept, and what became worse since the one before. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from queuebit_workbench.nightly.parts import BY_NAME, Figure

FORMAT = 1
Outcome = Literal["passed", "failed", "timed_out", "left_out"]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a part. `figures` by their paths; `detail` says why it was left out or what it said at its end."""

    part: str
    outcome: Outcome
    took_s: float
    figures: Mapping[str, float]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Night:
    """By its date and the minute when it began, as text. `sizes`: how much of each part was done."""

    date: str
    version: str
    results: tuple[Result, ...]
    sizes: Mapping[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return all(each.outcome in ("passed", "left_out") for each in self.results)

    def figure(self, part: str, path: str) -> float | None:
        return next((each.figures.get(path) for each in self.results if each.part == part), None)


@dataclass(frozen=True, slots=True)
class Step:
    """How a figure went from one night to another. `worse`: beyond what it may."""

    part: str
    figure: Figure
    before: float | None
    now: float

    @property
    def change(self) -> float | None:
        """As a share of what it was."""
        return (self.now - self.before) / abs(self.before) if self.before else None

    @property
    def worse(self) -> bool:
        if self.change is None or self.figure.worse is None:
            return False
        return (self.change if self.figure.better == "lower" else -self.change) > self.figure.worse


def steps(night: Night, before: Night | None) -> tuple[Step, ...]:
    """Each figure of the night beside that of the one before."""
    return tuple(
        Step(
            result.part,
            figure,
            before.figure(result.part, figure.path) if before else None,
            result.figures[figure.path],
        )
        for result in night.results
        for figure in BY_NAME[result.part].figures
        if figure.path in result.figures
    )


def text_of(night: Night) -> str:
    """The file of a night."""
    return json.dumps({"format": FORMAT, **asdict(night)}, indent=1) + "\n"


def read_night(text: str) -> Night:
    """A night from its file. Raises ValueError where it is none."""
    told = json.loads(text)
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ValueError("It is no night of this version.")
    results = tuple(Result(**each) for each in told["results"])
    return Night(told["date"], told["version"], results, told.get("sizes", {}))


def nights_in(folder: Path, sizes: Mapping[str, float], say: Callable[[str], None]) -> Sequence[Night]:
    """Every night of these sizes that is kept there, the oldest first: others say nothing about it. One that cannot be read is
    left out, and named.
    """
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            night = read_night(path.read_text())
        except (OSError, ValueError, KeyError, TypeError) as error:
            say(f"{path} is left out: {error}")
            continue
        if night.sizes == sizes:
            found.append(night)
    return found
