"""The worlds: what each is, the verdict that it must lead to, and what it may cost at most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import Any, Final

from queuebit_contracts.paths import PathGateDecided, PathPairRecorded, PathRetired, PathStageChanged
from queuebit_domain.paths.case import Case
from queuebit_domain.paths.gate import Gate, folded
from queuebit_domain.paths.pairing import in_order, pair_of
from queuebit_domain.paths.state import Path
from queuebit_workbench.worlds import natures as n
from queuebit_workbench.worlds.lab import BEGAN, BETWEEN, Lab, Nature, a_path

GOOD: Final = {"min_gain": 0.005}
"""What a gain of half a per cent is worth something to."""


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a world: how it ended in words, how many pairs it took, and what it cost."""

    ended: str
    pairs: int
    cost: Decimal
    lab: Lab

    @property
    def shown(self) -> frozenset[str]:
        """All that the gate ever held for shown."""
        return frozenset(event.hypothesis for _, event in self.lab.events if isinstance(event, PathGateDecided))


@dataclass(frozen=True, slots=True)
class World:
    """`ended`: the words that are right; `cost_max`: for each seed. `trap`: whether somebody who breaks the rule that the
    world is about takes the path for better, or misses that it is worse.
    """

    name: str
    meaning: str
    ended: frozenset[str]
    cost_max: Decimal
    run: Callable[[int], Found]
    trap: Callable[[int], bool] | None = None


def ended_as(lab: Lab) -> str:
    """How a path ended: the stage where it stands, and whether it was taken back or frozen on the way."""
    path = lab.path
    if path.frozen is not None:
        return "retirement proposed" if path.frozen.proposal else "frozen"
    if path.stage == "retired":
        return "retired"
    return f"taken back to {path.stage}" if path.rollbacks else path.stage


def lived(
    nature: Callable[[], Nature], jobs: int, *, until: Callable[[Path], bool] | None = None, **changes: Any
) -> Callable[[int], Found]:
    """A world in which so many jobs come."""

    def run(seed: int) -> Found:
        lab = Lab(a_path(**changes))
        lab.live(nature(), jobs, seed, until)
        return Found(ended_as(lab), lab.path.seq, lab.cost, lab)

    return run


def fooled(
    nature: Callable[[], n.Nature], jobs: int, wrong: Callable[[list[Case]], Sequence[Case]]
) -> Callable[[int], bool]:
    """Whether the path is taken for better where pairs are made and ordered in a wrong way."""

    def run(seed: int) -> bool:
        chance, made = Random(seed), nature()
        cases = [made(chance, nth, BEGAN + nth * BETWEEN) for nth in range(jobs)]
        path, gate = Lab(a_path(spec={"horizon_s": 1e7})).path, Gate()
        for case in wrong(in_order(cases)):
            pair = pair_of(path, case)
            assert isinstance(pair, PathPairRecorded)
            gate = folded(gate, pair, path.registered.spec)
        return "superior" in gate.shown

    return run


def as_they_finish(cases: list[Case]) -> Sequence[Case]:
    """Those who answer first count first, as far as anyone has waited until a while before the end."""
    until = cases[-1].planned_at
    there = [case for case in cases if case.path is not None and case.path.at <= until]
    return sorted(there, key=lambda case: case.path.at if case.path else until)


def without_lost(cases: list[Case]) -> Sequence[Case]:
    """What never came is not counted."""
    return [case for case in cases if case.path is not None]


def _dead(path: Path) -> bool:
    return not path.measures


def _out(path: Path) -> bool:
    return path.rollbacks > 0 or not path.measures


WORLDS: Final[tuple[World, ...]] = (
    World(
        "useless path",
        "Path, placebo and classical way all find the same answers.",
        frozenset({"retired"}),
        Decimal(50),
        lived(lambda: n.plain(0.0, 0.0), 400, until=_dead, spec={"retires_itself": True}),
    ),
    World(
        "slightly better",
        "It wins 3 of 10, loses 1 of 10, and half a per cent is worth something.",
        frozenset({"production"}),
        Decimal(400),
        lived(lambda: n.plain(0.30, 0.10), 9000, until=lambda p: p.stage == "production" or _dead(p), budget="400", spec=GOOD),
    ),
    World(
        "the polish, not the path",
        "It wins 3 of 10, and random samples with the same polish win them too.",
        frozenset({"retirement proposed"}),
        Decimal(100),
        lived(lambda: n.plain(0.30, 0.10, placebo_wins=1.0), 800, until=_dead, spec=GOOD),
    ),
    World(
        "harmful",
        "It loses 3 of 10 and wins 1 of 10.",
        frozenset({"retirement proposed"}),
        Decimal(100),
        lived(lambda: n.plain(0.10, 0.30), 800, until=_dead),
    ),
    World(
        "harmful late",
        "A good path reaches production; from one day on it loses 3 of 10.",
        frozenset({"taken back to shadow"}),
        Decimal(900),
        lived(
            lambda: n.later(n.plain(0.50, 0.05), 6000, n.plain(0.10, 0.30)), 26_000, until=_out, budget="400", spec=GOOD
        ),
    ),
    World(
        "fast is better",
        "No effect in all, but what answers fast wins.",
        frozenset({"shadow", "retirement proposed"}),
        Decimal(150),
        lived(lambda: n.fast_is_better, 600, until=_dead, budget="150", spec={"min_gain": 0.02, "horizon_s": 1_728_000.0}),
        fooled(lambda: n.fast_is_better, 150, as_they_finish),
    ),
    World(
        "one in ten never comes back",
        "It would win a little, but loses every tenth job.",
        frozenset({"shadow", "retirement proposed"}),
        Decimal(150),
        lived(lambda: n.timeouts(0.10, n.plain(0.25, 0.10)), 300, until=_dead, budget="150", spec=GOOD),
        fooled(lambda: n.timeouts(0.10, n.plain(0.25, 0.10)), 300, without_lost),
    ),
    World(
        "duplicate flood",
        "Every problem comes ten times, and there is no effect.",
        frozenset({"shadow", "retirement proposed"}),
        Decimal(600),
        lived(lambda: n.duplicates(10, 0.20, 0.20), 1200, until=_dead, budget="600"),
        fooled(lambda: n.duplicates(10, 0.20, 0.20), 500, lambda cases: cases),
    ),
    World(
        "arms swapped",
        "A harmful path, whose answers are booked as the classical ones.",
        frozenset({"frozen"}),
        Decimal(1),
        lived(lambda: n.swapped(n.plain(0.05, 0.50)), 400, until=_dead),
        fooled(lambda: _relabelled(n.swapped(n.plain(0.05, 0.50))), 200, lambda cases: cases),
    ),
    World(
        "outage",
        "A good path, whose provider answers nothing for two days.",
        frozenset({"production", "canary"}),
        Decimal(400),
        lived(
            lambda: n.outage(n.plain(0.50, 0.05), 20, 23, 68), 9000, until=lambda p: p.stage == "production" or _dead(p),
            budget="400", spec={**GOOD, "pairs_max": 5000},
        ),
    ),
    World(
        "budget race",
        "Answers come a day late, so many jobs are out when the money ends.",
        frozenset({"shadow"}),
        Decimal(10),
        lived(lambda: n.in_storms(n.plain(0.20, 0.20), 11), 400, budget="10"),
    ),
    World(
        "window storm",
        "The device opens once in eleven hours, and a good path answers all at once.",
        frozenset({"production"}),
        Decimal(400),
        lived(
            lambda: n.in_storms(n.plain(0.50, 0.05), 11), 9000, until=lambda p: p.stage == "production" or _dead(p),
            budget="400", spec=GOOD,
        ),
    ),
    World(
        "one bad week",
        "A good path is badly calibrated in its first week.",
        frozenset({"production"}),
        Decimal(600),
        lived(
            lambda: n.calibrated(n.later(n.plain(0.10, 0.30), 7 * 24, n.plain(0.50, 0.05)), 7), 12_000,
            until=lambda p: p.stage == "production" or _dead(p), budget="600", spec=GOOD,
        ),
    ),
)  # fmt: skip


def _relabelled(nature: n.Nature) -> n.Nature:
    """The lanes mixed up as well, so that nobody notices."""

    def found(chance: Random, nth: int, now: Any) -> Case:
        case = nature(chance, nth, now)
        assert case.path is not None
        assert case.base is not None
        return replace(case, path=replace(case.path, lane="quantum"), base=replace(case.base, lane="classical"))

    return found


def retired_after(found: Found) -> int | None:
    """After how many pairs a path was given up, or None."""
    pairs = 0
    for _, event in found.lab.events:
        if isinstance(event, PathPairRecorded):
            pairs = event.seq
        elif isinstance(event, PathRetired):
            return pairs
    return None


def stages(found: Found) -> tuple[str, ...]:
    """The stages that a path went through, in order."""
    changes = (event for _, event in found.lab.events if isinstance(event, PathStageChanged))
    return tuple(f"{each.to_stage} {each.percent}".removesuffix(" 0") for each in changes)
