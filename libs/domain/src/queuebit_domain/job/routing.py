"""The routing table: who answers. Typed data, read from the top, the first rule that fits decides; it reads no clock.

Every number that a rule may look at is recorded with the decision, so that `explain` can show it and a replay repeat it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, assert_never

from queuebit_contracts.events import JobPlanned
from queuebit_contracts.jobs import (
    FALLBACK_PARAM,
    TARGET_PARAM,
    Lane,
    LaneWish,
    Leg,
    ParamValue,
    Role,
    Sense,
    Tier,
    Trigger,
)
from queuebit_domain.job.limits import Limits
from queuebit_domain.job.plans import AT_ONCE, TO_IMPROVE, WHEN_NEEDED

POLICY_VERSION = "routing/2"
PlanName = Literal[
    "classical_only", "quantum_with_baseline", "quantum_then_fallback", "quantum_alone", "refine", "rule_only"
]
REFINE_PARAM = "refine"
"""A job that says `refine: true` lets the classical solver go on from the quantum answer."""


def wish_of(lane: LaneWish, params: Mapping[str, ParamValue]) -> LaneWish:
    """The lane that a job asks for: one that names a target of the simulator asks for the simulator."""
    return "simulator" if lane == "auto" and TARGET_PARAM in params else lane


def alone_of(params: Mapping[str, ParamValue]) -> bool:
    """Whether the answer of another lane is none: so it is of a target, unless the job says that it falls back."""
    return params.get(FALLBACK_PARAM, TARGET_PARAM not in params) is False


class RoutingInputs(NamedTuple):
    """What routing weighs. `qubits` is the size of the problem's QUBO; the flags say what the adapters reported."""

    kind: str
    sense: Sense | None
    wish: LaneWish
    tier: Tier
    variables: int
    qubits: int
    terms: int
    budget_s: float
    quantum_available: bool
    simulator_available: bool
    family: Literal["optimisation", "measurement"] = "optimisation"
    refine: bool = False
    alone: bool = False


InputName = Literal[
    "wish",
    "tier",
    "kind",
    "sense",
    "family",
    "refine",
    "alone",
    "variables",
    "qubits",
    "terms",
    "budget_s",
    "quantum_available",
    "simulator_available",
]


class Is(NamedTuple):
    """The input has this value."""

    name: InputName
    value: str | bool


class Given(NamedTuple):
    """The input is there at all."""

    name: InputName


class Within(NamedTuple):
    """The input lies between two numbers, or is one of them."""

    name: InputName
    least: float
    most: float


Condition = Is | Given | Within


def holds(condition: Condition, inputs: RoutingInputs) -> bool:
    """Whether the condition holds for these inputs."""
    value = getattr(inputs, condition.name)
    match condition:
        case Is():
            return bool(value == condition.value)
        case Given():
            return value is not None
        case Within():
            return bool(condition.least <= value <= condition.most)
        case _:
            assert_never(condition)


class PlannedLeg(NamedTuple):
    """A leg as a rule plans it; the rest comes from the job."""

    role: Role
    lane: Lane
    starts: tuple[Trigger, ...] = AT_ONCE


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: where all its conditions hold, these legs."""

    name: str
    plan: PlanName
    legs: tuple[PlannedLeg, ...]
    reason: str
    when: tuple[Condition, ...] = ()

    def fits(self, inputs: RoutingInputs) -> bool:
        return all(holds(condition, inputs) for condition in self.when)


_SIMULATOR_LATER = PlannedLeg("fallback", "simulator", WHEN_NEEDED)
_CLASSICAL_LATER = PlannedLeg("fallback", "classical", WHEN_NEEDED)
_CLASSICAL_ON = PlannedLeg("fallback", "classical", TO_IMPROVE)
_CLASSICAL_BESIDE = PlannedLeg("baseline", "classical")
_RULE_LAST = PlannedLeg("fallback", "rule", WHEN_NEEDED)

RULES: tuple[Rule, ...] = (
    Rule(
        "rule-asked",
        "rule_only",
        (PlannedLeg("primary", "rule"),),
        "The caller asked for the default answer.",
        when=(Is("wish", "rule"),),
    ),
    Rule(
        "classical-asked",
        "classical_only",
        (PlannedLeg("primary", "classical"), _RULE_LAST),
        "The caller asked for the classical lane.",
        when=(Is("wish", "classical"),),
    ),
    Rule(
        "quantum-alone",
        "quantum_alone",
        (PlannedLeg("primary", "quantum"),),
        "The caller asked for the quantum lane, and for no answer of another.",
        when=(Is("wish", "quantum"), Is("alone", True)),
    ),
    Rule(
        "simulator-alone",
        "quantum_alone",
        (PlannedLeg("primary", "simulator"),),
        "The caller asked for the simulator lane, and for no answer of another.",
        when=(Is("wish", "simulator"), Is("alone", True)),
    ),
    Rule(
        "refine-quantum",
        "refine",
        (PlannedLeg("primary", "quantum"), _CLASSICAL_ON, _RULE_LAST),
        "The caller asked for the quantum lane and for a refinement: the classical solver goes on from its answer.",
        when=(Is("wish", "quantum"), Is("family", "optimisation"), Is("refine", True)),
    ),
    Rule(
        "refine-simulator",
        "refine",
        (PlannedLeg("primary", "simulator"), _CLASSICAL_ON, _RULE_LAST),
        "The caller asked for the simulator lane and for a refinement: the classical solver goes on from its answer.",
        when=(Is("wish", "simulator"), Is("family", "optimisation"), Is("refine", True)),
    ),
    Rule(
        "quantum-asked",
        "quantum_then_fallback",
        (PlannedLeg("primary", "quantum"), _SIMULATOR_LATER, _CLASSICAL_LATER, _RULE_LAST),
        "The caller asked for the quantum lane; every other lane stands behind it.",
        when=(Is("wish", "quantum"),),
    ),
    Rule(
        "simulator-asked",
        "quantum_then_fallback",
        (PlannedLeg("primary", "simulator"), _CLASSICAL_LATER, _RULE_LAST),
        "The caller asked for the simulator lane; the classical lane stands behind it.",
        when=(Is("wish", "simulator"),),
    ),
    Rule(
        "state-on-quantum",
        "quantum_with_baseline",
        (PlannedLeg("primary", "quantum"), _CLASSICAL_BESIDE),
        "A state is sought and a quantum backend is configured: quantum and exact computation run side by side.",
        when=(Is("wish", "auto"), Is("family", "measurement"), Given("sense"), Is("quantum_available", True)),
    ),
    Rule(
        "state-on-simulator",
        "quantum_with_baseline",
        (PlannedLeg("primary", "simulator"), _CLASSICAL_BESIDE),
        "A state is sought, no quantum backend is configured: simulator and exact computation run side by side.",
        when=(Is("wish", "auto"), Is("family", "measurement"), Given("sense"), Is("simulator_available", True)),
    ),
    Rule(
        "circuit-on-quantum",
        "quantum_then_fallback",
        (PlannedLeg("primary", "quantum"), _SIMULATOR_LATER, _CLASSICAL_LATER),
        "Circuits are to be measured and a quantum backend is configured; simulator and exact reference stand behind it.",
        when=(Is("wish", "auto"), Is("family", "measurement"), Is("quantum_available", True)),
    ),
    Rule(
        "circuit-on-simulator",
        "quantum_then_fallback",
        (PlannedLeg("primary", "simulator"), _CLASSICAL_LATER),
        "Circuits are to be measured, no quantum backend is configured; the exact reference stands behind the simulator.",
        when=(Is("wish", "auto"), Is("family", "measurement"), Is("simulator_available", True)),
    ),
    Rule(
        "small-on-quantum",
        "quantum_with_baseline",
        (PlannedLeg("primary", "quantum"), _CLASSICAL_BESIDE, _RULE_LAST),
        "The problem fits a quantum backend: quantum and classical run side by side, the better checked answer wins.",
        when=(Is("wish", "auto"), Within("qubits", 4, 16), Is("quantum_available", True)),
    ),
    Rule(
        "small-on-simulator",
        "quantum_with_baseline",
        (PlannedLeg("primary", "simulator"), _CLASSICAL_BESIDE, _RULE_LAST),
        "The problem fits the simulator, no quantum backend is configured: simulator and classical run side by side.",
        when=(Is("wish", "auto"), Within("qubits", 4, 16), Is("simulator_available", True)),
    ),
    Rule(
        "otherwise-classical",
        "classical_only",
        (PlannedLeg("primary", "classical"), _RULE_LAST),
        "No quantum path is worth its cost at this size.",
    ),
)

_ATTEMPTS_MAX: Mapping[Lane, int] = {"quantum": 2, "simulator": 2, "classical": 3, "rule": 3}


@lru_cache(maxsize=1024)
def plan(inputs: RoutingInputs) -> JobPlanned:
    """The decision for a job, with the rule that made it and every number it read."""
    rule = next(rule for rule in RULES if rule.fits(inputs))
    return JobPlanned(
        plan=rule.plan,
        legs=tuple(leg_of(planned, inputs, rule) for planned in rule.legs),
        sense=inputs.sense,
        policy_version=POLICY_VERSION,
        rule=rule.name,
        reasons=(rule.reason,),
        inputs=inputs._asdict(),
    )


def leg_of(planned: PlannedLeg, inputs: RoutingInputs, rule: Rule) -> Leg:
    """The leg as the plan states it."""
    return Leg(
        leg=f"{planned.role}-{planned.lane}",
        role=planned.role,
        lane=planned.lane,
        budget_s=inputs.budget_s,
        attempts_max=_ATTEMPTS_MAX[planned.lane],
        reason="Taken when the legs before it give no accepted answer in time." if planned.starts else rule.reason,
        starts=planned.starts,
    )


def budget_s_of(wish_s: float | None, tier: Tier) -> float:
    """The computing budget of each leg: as asked, else the tier's."""
    return wish_s if wish_s is not None else Limits.of(tier).budget_s
