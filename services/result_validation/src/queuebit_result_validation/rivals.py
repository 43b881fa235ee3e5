"""Against whom an answer is measured: a quick classical baseline of our own, and the placebo that ran beside a circuit.

The baseline is the optimum where the problem is small enough to enumerate, else what the kind's own heuristic finds from a
fixed seed. Whether it is missed is a finding; what follows from it is ruled by lane, as a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from queuebit_contracts.events import ExecutionSucceeded
from queuebit_contracts.jobs import Lane, Number, Problem
from queuebit_problems.optimisation import Optimisation
from queuebit_result_validation.compare import beyond, same
from queuebit_result_validation.evidence import Evidence
from queuebit_result_validation.findings import Code, Finding

BASELINE_QUBITS_MAX = 400
BASELINE_TERMS_MAX = 10_000
"""Beyond either there is no baseline: up to here a heuristic takes milliseconds, and hardly ever more than a second."""

BASELINE_SEED = 0

MISSED: dict[Lane, Code | None] = {
    "quantum": Code.WORSE_THAN_BASELINE,
    "simulator": Code.WORSE_THAN_BASELINE,
    "classical": Code.BEHIND_BASELINE,
    "rule": None,
}
"""What it is called when the answer of a lane is worse than the baseline. The default answer of a rule is not compared."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The objective that a quick classical way reaches, and how far the answer stays behind it.

    `shortfall`: as a share of the baseline's own objective, 0 where the answer is as good.
    """

    objective: Number
    source: str
    shortfall: float


def wants_time(execution: ExecutionSucceeded) -> bool:
    """Whether the check may need the heuristic, and so does not belong on an event loop: not where a proof is claimed."""
    proved = execution.proven_optimal and execution.bound == execution.objective
    return not proved and MISSED[execution.lane] is not None


def baseline_of(
    kind: Optimisation[Any], statement: Any, problem: Problem, objective: Number, optimum: Number | None
) -> Baseline | None:
    """The baseline for an answer; None where the problem is too large for one, or the heuristic finds none."""
    if optimum is not None:
        return _compared(kind, problem, objective, optimum, "enumeration")
    size = kind.size(statement)
    if size.qubits > BASELINE_QUBITS_MAX or size.terms > BASELINE_TERMS_MAX:
        return None
    answer = kind.heuristic(statement, BASELINE_SEED)
    if answer is None or kind.violations(statement, answer):
        return None
    return _compared(kind, problem, objective, kind.objective(statement, answer), "heuristic")


def missed(baseline: Baseline, objective: Number, lane: Lane) -> Finding | None:
    """The finding where the answer stays behind the baseline and its lane is answerable for that."""
    code = MISSED[lane]
    if code is None or not baseline.shortfall:
        return None
    return Finding(
        code,
        f"objective {objective}, {baseline.source} {baseline.objective}: {baseline.shortfall:.2%} behind.",
    )


BEFORE_CIRCUIT = frozenset({"reduction", "start"})
"""Sources of an answer that no circuit had a part in: what was decided before, and the classical answer to begin with."""


def placebo_matched(evidence: Evidence, kind: Optimisation[Any], objective: Number) -> bool:
    """Whether random samples through the same repair and polish reached the same or better."""
    return evidence.placebo_best is not None and not kind.better(objective, evidence.placebo_best)


def contradictions(
    evidence: Evidence, kind: Optimisation[Any], objective: Number, bound: Number | None, problem: Problem
) -> list[Finding]:
    """What the evidence says of samples that cannot be, given the answer and its bound."""
    found: list[Finding] = []
    for name, seen in (("best_raw_objective", evidence.best_raw), ("placebo_best", evidence.placebo_best)):
        if seen is not None and bound is not None and beyond(seen, bound, kind.sense, problem.statement):
            found.append(Finding(Code.EVIDENCE_MALFORMED, f"{name} is {seen}, which is beyond the bound {bound}."))
    raw = evidence.best_raw
    if not found and raw is not None and beyond(raw, objective, kind.sense, problem.statement):
        found.append(
            Finding(Code.EVIDENCE_MALFORMED, f"best_raw_objective is {raw}, which is better than the answer itself.")
        )
    return found


def _compared(kind: Optimisation[Any], problem: Problem, objective: Number, reached: Number, source: str) -> Baseline:
    if not kind.better(reached, objective) or same(reached, objective, problem.statement):
        return Baseline(reached, source, 0.0)
    return Baseline(reached, source, float(abs(objective - reached) / abs(reached)) if reached else 1.0)
