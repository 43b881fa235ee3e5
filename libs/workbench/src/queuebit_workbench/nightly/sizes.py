"""How much of each part a night does. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """`seeds` of the soak; for how many `minutes` everything breaks, by which `faults`, all where none is named; `jobs` of a
    round of the bench at most, and for how many `seconds` its half load lasts; `sweep_minutes` for published instances, of
    which the night after takes the next; `pages` names the page that is typed, all where it is empty.
    """

    seeds: int
    minutes: float
    jobs: int
    seconds: float = 6.0
    faults: tuple[str, ...] = ()
    sweep_minutes: float = 60.0
    pages: str = ""

    def told(self) -> dict[str, float]:
        """As a night keeps it: nights of other sizes say nothing about each other."""
        return {
            "seeds": self.seeds,
            "minutes": self.minutes,
            "jobs": self.jobs,
            "seconds": self.seconds,
            "faults": len(self.faults),
            "sweep_minutes": self.sweep_minutes,
            "pages": 1 if self.pages else 0,
        }


WHOLE = Size(20_000, 6.0, 6000)
SMALL = Size(
    150,
    0.5,
    800,
    2.0,
    ("kill_service", "cut_sessions", "kill_broker", "poison"),
    sweep_minutes=1.0,
    pages="first-answer",
)
"""Every part, and little of it: to see that a night works, and what a change does to it, within minutes."""
SIZES = {"whole": WHOLE, "small": SMALL}
