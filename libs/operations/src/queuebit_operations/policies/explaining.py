"""Why a policy decided as it did on a job, from what is recorded, and what it would have decided on other facts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from queuebit_contracts.events import JobPlanned, JobSubmitted
from queuebit_contracts.policy import FactRef
from queuebit_domain.job.asked import requested
from queuebit_domain.job.routing import plan
from queuebit_domain.policy.evaluation import DENIED
from queuebit_domain.policy.facts import FACTS, Facts, FactValue, facts_in, with_told
from queuebit_domain.policy.tables import Condition, Policy
from queuebit_operations.errors import BadArgument

TABLES = ("guards", "routing", "experiments", "approvals")
Mark = Literal["holds", "fails", "unknown"]
_MARKS: Mapping[str, Mark] = {"1": "holds", "0": "fails", "?": "unknown"}


@dataclass(frozen=True, slots=True)
class AskedCondition:
    """A condition with both of its values, and how it came out. `bound`: what it was compared with."""

    condition: str
    value: object
    bound: object
    mark: Mark


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row as it was asked. `forbidden`: it held, and a guard forbade its lane."""

    table: str
    row: str
    conditions: tuple[AskedCondition, ...]
    outcome: Literal["holds", "passed over", "forbidden"]


def asked_rows(planned: JobPlanned, policy: Policy) -> list[AskedRow]:
    """Every row that was asked, from the marks that are recorded. A plan of before there were marks has none."""
    if planned.trace is None:
        return []
    facts = facts_in(planned.inputs)
    parts = planned.trace.split("|")
    marks = {"routing": parts[0]} if len(parts) == 1 else dict(zip(TABLES, parts, strict=False))
    rows: list[AskedRow] = []
    for table, text in marks.items():
        of_table = getattr(policy, table)
        for row, asked in zip(of_table, text.split(",") if text else (), strict=False):
            if asked != "~":
                rows.append(_row(table, row.name, row.when, asked, facts))
    return rows


def _row(table: str, name: str, when: Sequence[Condition], asked: str, facts: Facts) -> AskedRow:
    told = asked.rstrip("!")
    conditions = tuple(
        AskedCondition(str(condition), getattr(facts, condition.fact), _bound(condition, facts), _MARKS[mark])
        for condition, mark in zip(when, "" if told == "-" else told, strict=True)
    )
    misses = {"0"} if table in ("guards", "approvals") else {"0", "?"}
    if set(told) & misses:
        outcome: Literal["holds", "passed over", "forbidden"] = "passed over"
    else:
        outcome = "forbidden" if asked.endswith("!") else "holds"
    return AskedRow(table, name, conditions, outcome)


def _bound(condition: Condition, facts: Facts) -> object:
    operand = condition.operand
    if not isinstance(operand, FactRef):
        return operand
    other = getattr(facts, operand.fact)
    return None if other is None else other * operand.times + operand.plus


def would_also(planned: JobPlanned, policy: Policy) -> list[str]:
    """The rows behind the one that decided that would have taken the job too."""
    facts = facts_in(planned.inputs)
    names = [rule.name for rule in policy.routing]
    behind = policy.routing[names.index(planned.rule) + 1 :] if planned.rule in names else ()
    return [rule.name for rule in behind if rule.fits(facts)]


def nearest(planned: JobPlanned, policy: Policy) -> Iterator[tuple[str, str]]:
    """For each row that one condition alone kept from deciding: its name and that condition."""
    for row in asked_rows(planned, policy):
        failed = [each for each in row.conditions if each.mark != "holds"]
        if row.table == "routing" and len(failed) == 1 and len(row.conditions) > 1:
            yield row.row, failed[0].condition


def what_if(
    planned: JobPlanned, submitted: JobSubmitted | None, at: datetime, policy: Policy, changes: Mapping[str, FactValue]
) -> JobPlanned:
    """The plan that the policy makes of the recorded facts with some of them changed. What the policy of then did not ask is
    taken from the request, where it is at hand; `at`: when the job was planned.
    """
    facts = facts_in(planned.inputs)
    if submitted is not None and submitted.admission is not None:
        request = submitted.request
        told = requested(
            policy,
            tenant=request.tenant,
            tier=request.tier,
            deadline=request.deadline,
            latency_budget_s=request.latency_budget_s,
            problem_fingerprint=submitted.admission.problem_fingerprint,
            now=at,
        )
        facts = with_told(facts, told)
    return plan(with_told(facts, changes), policy)


def parse_changes(texts: Sequence[str]) -> dict[str, FactValue]:
    """`fact=value`, each as the fact is: `none` for what nobody knows. Raises BadArgument."""
    found: dict[str, FactValue] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        spec = FACTS.get(name)
        if not sign or spec is None:
            known = ", ".join(FACTS)
            raise BadArgument(f"--set {text!r} sets no fact.", remedy=f"Such as --set qubits=12. There are: {known}.")
        try:
            found[name] = None if value == "none" and spec.optional else _VALUES[spec.type](value)
        except (ValueError, KeyError):
            raise BadArgument(f"--set {text!r}: {name} is a {spec.type}.", remedy=spec.meaning) from None
        if spec.values and found[name] is not None and found[name] not in spec.values:
            raise BadArgument(f"--set {text!r}: {name} is never that.", remedy=f"One of: {', '.join(spec.values)}.")
    return found


_VALUES: Mapping[str, Any] = {
    "text": str,
    "truth": {"true": True, "false": False}.__getitem__,
    "count": int,
    "number": float,
}


def told_of(planned: JobPlanned) -> str:
    """A plan in one line."""
    legs = ", ".join(leg.leg for leg in planned.legs) or "no legs"
    rule = "nothing may answer" if planned.plan == DENIED else f"rule {planned.rule}"
    return f"{planned.plan} ({rule}): {legs}"
