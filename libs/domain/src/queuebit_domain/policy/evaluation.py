"""What a policy decides on facts, with a trace of everything that it asked. Pure, and total: something always follows.

The trace holds a mark for each condition (see `tables`), `,` between rows and, where there are other tables than routing, `|`
between guards, routing, experiments and, where there are some, approvals. Of routing and approvals it ends with the row that
decided; `!` marks one that holds and that a guard forbids, `~` one that is for other plans. `-` stands for a row without
conditions. With the facts and the document, which are recorded too, it says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from queuebit_contracts.jobs import Lane
from queuebit_domain.policy.facts import Facts
from queuebit_domain.policy.tables import Approver, Experiment, Guard, PlannedLeg, Policy, Rule

DENIED: Final = "denied"
"""The plan of a job that nothing may answer: it has no legs, and fails with the reasons of the guards."""
_DENIED_RULE: Final = Rule(DENIED, DENIED, (), "Every lane that could answer is forbidden.")


class Decision(NamedTuple):
    """What was decided. `legs`: those of the rule that no guard forbids."""

    rule: Rule
    legs: tuple[PlannedLeg, ...]
    guards: tuple[Guard, ...]
    experiments: tuple[Experiment, ...]
    trace: str
    approver: Approver | None = None


def evaluate(policy: Policy, facts: Facts) -> Decision:
    """Guards first, then the first row of routing that holds and is not forbidden, then all experiments that hold."""
    if not policy.guards and not policy.experiments and not policy.approvals:
        rule, legs, marks = _routed(policy.routing, facts, frozenset())
        return Decision(rule, legs, (), (), marks)
    held: list[Guard] = []
    denied: frozenset[Lane] = frozenset()
    guard_marks = []
    for guard in policy.guards:
        marks = guard.marks(facts)
        guard_marks.append(marks or "-")
        if "0" not in marks:
            held.append(guard)
            denied |= guard.deny
    rule, legs, routing_marks = _routed(policy.routing, facts, denied)
    measured: list[Experiment] = []
    experiment_marks = []
    for experiment in policy.experiments:
        marks = experiment.marks(facts)
        holds = "0" not in marks and "?" not in marks
        forbidden = holds and (experiment.leg.lane in denied or not legs)
        experiment_marks.append(f"{marks or '-'}{'!' if forbidden else ''}")
        if holds and not forbidden:
            measured.append(experiment)
    parts = [",".join(guard_marks), routing_marks, ",".join(experiment_marks)]
    approver = None
    if policy.approvals:
        approver, approval_marks = _approver(policy.approvals, facts, rule.plan if legs else "")
        parts.append(approval_marks)
    return Decision(rule, legs, tuple(held), tuple(measured), "|".join(parts), approver)


def _approver(approvals: Sequence[Approver], facts: Facts, plan: str) -> tuple[Approver | None, str]:
    """The first row that is not known not to hold, of those for this plan; others are marked `~`."""
    asked = []
    for approver in approvals:
        if not plan or (approver.plans and plan not in approver.plans):
            asked.append("~")
            continue
        marks = approver.marks(facts)
        asked.append(marks or "-")
        if "0" not in marks:
            return approver, ",".join(asked)
    return None, ",".join(asked)


def _routed(routing: Sequence[Rule], facts: Facts, denied: frozenset[Lane]) -> tuple[Rule, tuple[PlannedLeg, ...], str]:
    """A job that wants the answer of one lane or none gets none where that lane is forbidden, and no other."""
    asked = []
    for rule in routing:
        marks = rule.marks(facts)
        if "0" in marks or "?" in marks:
            asked.append(marks)
        elif denied and rule.needs & denied:
            asked.append(f"{marks or '-'}!")
            if facts.alone:
                break
        else:
            asked.append(marks or "-")
            legs = rule.legs if not denied else tuple(leg for leg in rule.legs if leg.lane not in denied)
            return rule, legs, ",".join(asked)
    return _DENIED_RULE, (), ",".join(asked)
