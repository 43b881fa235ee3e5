"""The routing table: who answers. Typed data, read from the top, the first rule that fits decides; it reads no clock.

Every number that a rule may look at is recorded with the decision, so that `explain` can show it and a replay repeat it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from queuebit_contracts.events import JobPlanned
from queuebit_contracts.jobs import Lane, LaneWish, Leg, Role, Sense, Tier
from queuebit_domain.job.limits import Limits

POLICY_VERSION = "routing/2"
PlanName = Literal["classical_only", "quantum_with_baseline", "quantum_then_fallback", "refine", "rule_only"]
REFINE: PlanName = "refine"
REFINE_PARAM = "refine"
"""A job that says `refine: true` lets the classical solver go on from the quantum answer."""


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


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. None means: does not matter."""

    name: str
    plan: PlanName
    lanes: tuple[tuple[Role, Lane], ...]
    reason: str
    wish: LaneWish | None = None
    qubits_min: int | None = None
    qubits_max: int | None = None
    family: Literal["optimisation", "measurement"] | None = None
    ranked: bool | None = None
    """Whether answers are better or worse than others."""
    refine: bool | None = None
    needs_quantum: bool = False
    needs_simulator: bool = False

    def fits(self, inputs: RoutingInputs) -> bool:
        return (
            (self.wish is None or self.wish == inputs.wish)
            and (self.qubits_min is None or inputs.qubits >= self.qubits_min)
            and (self.qubits_max is None or inputs.qubits <= self.qubits_max)
            and (self.family is None or self.family == inputs.family)
            and (self.ranked is None or self.ranked == (inputs.sense is not None))
            and (self.refine is None or self.refine == inputs.refine)
            and (not self.needs_quantum or inputs.quantum_available)
            and (not self.needs_simulator or inputs.simulator_available)
        )


_RULE_LAST: tuple[Role, Lane] = ("fallback", "rule")

RULES: tuple[Rule, ...] = (
    Rule("rule-asked", "rule_only", (("primary", "rule"),), "The caller asked for the default answer.", wish="rule"),
    Rule(
        "classical-asked",
        "classical_only",
        (("primary", "classical"), _RULE_LAST),
        "The caller asked for the classical lane.",
        wish="classical",
    ),
    Rule(
        "refine-quantum",
        REFINE,
        (("primary", "quantum"), ("fallback", "classical"), _RULE_LAST),
        "The caller asked for the quantum lane and for a refinement: the classical solver goes on from its answer.",
        wish="quantum",
        family="optimisation",
        refine=True,
    ),
    Rule(
        "refine-simulator",
        REFINE,
        (("primary", "simulator"), ("fallback", "classical"), _RULE_LAST),
        "The caller asked for the simulator lane and for a refinement: the classical solver goes on from its answer.",
        wish="simulator",
        family="optimisation",
        refine=True,
    ),
    Rule(
        "quantum-asked",
        "quantum_then_fallback",
        (("primary", "quantum"), ("fallback", "simulator"), ("fallback", "classical"), _RULE_LAST),
        "The caller asked for the quantum lane; every other lane stands behind it.",
        wish="quantum",
    ),
    Rule(
        "simulator-asked",
        "quantum_then_fallback",
        (("primary", "simulator"), ("fallback", "classical"), _RULE_LAST),
        "The caller asked for the simulator lane; the classical lane stands behind it.",
        wish="simulator",
    ),
    Rule(
        "state-on-quantum",
        "quantum_with_baseline",
        (("primary", "quantum"), ("baseline", "classical")),
        "A state is sought and a quantum backend is configured: quantum and exact computation run side by side.",
        wish="auto",
        family="measurement",
        ranked=True,
        needs_quantum=True,
    ),
    Rule(
        "state-on-simulator",
        "quantum_with_baseline",
        (("primary", "simulator"), ("baseline", "classical")),
        "A state is sought, no quantum backend is configured: simulator and exact computation run side by side.",
        wish="auto",
        family="measurement",
        ranked=True,
        needs_simulator=True,
    ),
    Rule(
        "circuit-on-quantum",
        "quantum_then_fallback",
        (("primary", "quantum"), ("fallback", "simulator"), ("fallback", "classical")),
        "Circuits are to be measured and a quantum backend is configured; simulator and exact reference stand behind it.",
        wish="auto",
        family="measurement",
        needs_quantum=True,
    ),
    Rule(
        "circuit-on-simulator",
        "quantum_then_fallback",
        (("primary", "simulator"), ("fallback", "classical")),
        "Circuits are to be measured, no quantum backend is configured; the exact reference stands behind the simulator.",
        wish="auto",
        family="measurement",
        needs_simulator=True,
    ),
    Rule(
        "small-on-quantum",
        "quantum_with_baseline",
        (("primary", "quantum"), ("baseline", "classical"), _RULE_LAST),
        "The problem fits a quantum backend: quantum and classical run side by side, the better checked answer wins.",
        wish="auto",
        qubits_min=4,
        qubits_max=16,
        needs_quantum=True,
    ),
    Rule(
        "small-on-simulator",
        "quantum_with_baseline",
        (("primary", "simulator"), ("baseline", "classical"), _RULE_LAST),
        "The problem fits the simulator, no quantum backend is configured: simulator and classical run side by side.",
        wish="auto",
        qubits_min=4,
        qubits_max=16,
        needs_simulator=True,
    ),
    Rule(
        "otherwise-classical",
        "classical_only",
        (("primary", "classical"), _RULE_LAST),
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
        legs=tuple(_leg(role, lane, inputs, rule) for role, lane in rule.lanes),
        sense=inputs.sense,
        policy_version=POLICY_VERSION,
        rule=rule.name,
        reasons=(rule.reason,),
        inputs=inputs._asdict(),
    )


def _leg(role: Role, lane: Lane, inputs: RoutingInputs, rule: Rule) -> Leg:
    return Leg(
        leg=f"{role}-{lane}",
        role=role,
        lane=lane,
        budget_s=inputs.budget_s,
        attempts_max=_ATTEMPTS_MAX[lane],
        reason=rule.reason if role != "fallback" else "Taken when the legs before it give no accepted answer in time.",
    )


def budget_s_of(wish_s: float | None, tier: Tier) -> float:
    """The computing budget of each leg: as asked, else the tier's."""
    return wish_s if wish_s is not None else Limits.of(tier).budget_s
