"""The tables of a policy in the form in which they decide: conditions over facts, and what follows where they hold.

A row leaves a mark for each of its conditions: `1` it holds, `0` it does not, `?` a fact that it needs is not known. A row of
routing or experiments holds where all its marks are 1; a guard holds where none is 0.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from queuebit_contracts.jobs import Lane, Money, ParamValue, Patience, Role, Trigger
from queuebit_contracts.policy import FactRef, KindThresholds, PolicyDocument
from queuebit_domain.policy.facts import PLACES, Facts

Scalar = bool | int | float | str
Op = Literal["eq", "ne", "lt", "le", "gt", "ge", "any_of", "none_of", "known"]
AT_ONCE: tuple[Trigger, ...] = ()
WHEN_NEEDED: tuple[Trigger, ...] = ("failed", "rejected", "latency_budget", "exhausted")
"""A fallback starts when the legs before it give no accepted answer in time."""
TO_IMPROVE: tuple[Trigger, ...] = (*WHEN_NEEDED, "refine")
"""It also starts when a good answer without a proof is there to go on from."""
AFTER_ANSWER: tuple[Trigger, ...] = ("refine",)
"""It starts then only."""
ANY_KIND: Final = "any"


def _any_of(value: Any, operand: Any) -> bool:
    return value in operand


def _none_of(value: Any, operand: Any) -> bool:
    return value not in operand


OPERATORS: Final[Mapping[Op, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "any_of": _any_of,
    "none_of": _none_of,
}


class Condition(NamedTuple):
    """One fact against an operand, which may be made from another fact."""

    fact: str
    op: Op
    operand: Scalar | tuple[Scalar, ...] | FactRef

    def __str__(self) -> str:
        operand = self.operand
        if isinstance(operand, FactRef):
            times = "" if operand.times == 1 else f"{operand.times:g} x "
            plus = "" if operand.plus == 0 else f" + {operand.plus:g}"
            return f"{self.fact} {self.op} {times}{operand.fact}{plus}"
        shown = ", ".join(map(str, operand)) if isinstance(operand, tuple) else str(operand)
        return f"{self.fact} {self.op} {shown}"


class _Test(NamedTuple):
    """A condition by places in the facts; it is asked for every row of every decision."""

    place: int
    holds: Callable[[Any, Any], bool] | None
    """None asks whether the fact is known."""
    operand: Any
    other: int = -1
    times: float = 1.0
    plus: float = 0.0


def _test_of(condition: Condition) -> _Test:
    place, operand = PLACES[condition.fact], condition.operand
    if condition.op == "known":
        return _Test(place, None, operand)
    holds = OPERATORS[condition.op]
    if isinstance(operand, FactRef):
        return _Test(place, holds, None, PLACES[operand.fact], operand.times, operand.plus)
    return _Test(place, holds, operand)


def marks_of(tests: tuple[_Test, ...], facts: Facts) -> str:
    """A mark for each condition."""
    marks = ""
    for place, holds, operand, other, times, plus in tests:
        value = facts[place]
        if holds is None:
            marks += "1" if (value is not None) is operand else "0"
            continue
        if other >= 0:
            bound: Any = facts[other]
            operand = None if bound is None else bound * times + plus
        if value is None or operand is None:
            marks += "?"
        else:
            marks += "1" if holds(value, operand) else "0"
    return marks


class NextRound(NamedTuple):
    """The leg is the next round of the one before it."""

    cost_max: Money | None = None
    min_gain_ppm: int | None = None


class PlannedLeg(NamedTuple):
    """A leg as a rule plans it; the rest comes from the job."""

    role: Role
    lane: Lane
    starts: tuple[Trigger, ...] = AT_ONCE
    attempts_max: int | None = None
    budget_s: float | None = None
    params: Mapping[str, ParamValue] | None = None
    seed_shift: int | None = None
    after_end: Literal["improve", "measure"] | None = None
    advises: bool = False
    round: NextRound | None = None
    patience: Patience | None = None
    cached: bool = False


class _Row:
    """What rows of all tables have."""

    __slots__ = ()
    when: tuple[Condition, ...]
    tests: tuple[_Test, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "tests", tuple(_test_of(condition) for condition in self.when))

    def marks(self, facts: Facts) -> str:
        """A mark for each condition."""
        return marks_of(self.tests, facts)

    def fits(self, facts: Facts) -> bool:
        """Whether all conditions hold."""
        marks = marks_of(self.tests, facts)
        return "0" not in marks and "?" not in marks


@dataclass(frozen=True, slots=True)
class Rule(_Row):
    """A row of routing: where all its conditions hold, these legs answer."""

    name: str
    plan: str
    legs: tuple[PlannedLeg, ...]
    reason: str
    when: tuple[Condition, ...] = ()
    owner: str = ""
    propensity: float | None = None
    tests: tuple[_Test, ...] = field(init=False, repr=False, compare=False)

    @property
    def needs(self) -> frozenset[Lane]:
        """The lanes that it cannot do without: those of the legs that answer first."""
        return frozenset(leg.lane for leg in self.legs if leg.role == "primary" and not leg.starts)


@dataclass(frozen=True, slots=True)
class Guard(_Row):
    """Lanes that are forbidden where no condition is known not to hold."""

    name: str
    deny: frozenset[Lane]
    reason: str
    when: tuple[Condition, ...] = ()
    owner: str = ""
    tests: tuple[_Test, ...] = field(init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Experiment(_Row):
    """A leg that is measured and never shown."""

    name: str
    leg: PlannedLeg
    reason: str
    when: tuple[Condition, ...] = ()
    owner: str = ""
    propensity: float | None = None
    tests: tuple[_Test, ...] = field(init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Approver(_Row):
    """Plans that wait for a person. `otherwise`: the plan where nobody decides in time, None where the job is cancelled."""

    name: str
    role: str
    quorum: int
    expires_s: float
    otherwise: str | None
    legs: tuple[PlannedLeg, ...]
    plans: frozenset[str]
    reason: str
    when: tuple[Condition, ...] = ()
    owner: str = ""
    tests: tuple[_Test, ...] = field(init=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A version of a policy, ready to decide. `reads`: the facts that it asks about, those in its sentences included.
    `digest`: that of its document, where it was published; None of the policy of the release.
    """

    version: str
    document: PolicyDocument
    guards: tuple[Guard, ...]
    routing: tuple[Rule, ...]
    experiments: tuple[Experiment, ...]
    reads: frozenset[str]
    approvals: tuple[Approver, ...] = ()
    digest: str | None = None

    def thresholds(self, kind: str) -> KindThresholds | None:
        """Those of a kind of problem."""
        told = self.document.thresholds
        return told.get(kind, told.get(ANY_KIND)) if told else None

    @property
    def salt(self) -> str:
        """What buckets are drawn with."""
        return self.document.salt or self.document.policy
