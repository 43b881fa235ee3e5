"""A policy over decisions that are recorded: what changes, from which rule to which, and where nobody can know."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple
from uuid import UUID

from queuebit_contracts.envelope import encode_data
from queuebit_contracts.events import Admission, JobPlanned, JobSubmitted, ProblemSize
from queuebit_domain.job.routing import plan
from queuebit_domain.policy.default import DEFAULT
from queuebit_domain.policy.facts import bucket_of
from queuebit_operations.policies.comparing import Comparison, Reader, compare
from queuebit_operations.policies.explaining import asked_rows, nearest, parse_changes, what_if, would_also
from tests.builders import NOW, a_request
from tests.unit.policy.policies import CLASSICAL, QUANTUM, a_policy, facts, guard, row

LAST_RULE = {"role": "fallback", "lane": "rule", "starts": "when_needed"}
PLANS = {"classical": {**CLASSICAL, "legs": [*CLASSICAL["legs"], LAST_RULE]}, "quantum": QUANTUM}
CANARY = a_policy(row("canary", "quantum", bucket={"lt": 5000}, tier="interactive"), plans=PLANS)


class Row(NamedTuple):
    """What is read of a stored event."""

    stream_id: UUID
    type: str
    data: str
    time: object = NOW


def a_question(number: int) -> JobSubmitted:
    size = ProblemSize(variables=6, qubits=30, terms=6)
    admission = Admission(size=size, family="optimisation", sense="max", problem_fingerprint=str(number))
    return JobSubmitted(request=a_request(lane="auto"), idempotency_key="k", admission=admission)


PLANNED = plan(facts(qubits=30))


def stored(number: int, *, with_question: bool) -> list[Row]:
    job_id = UUID(int=number)
    question = [Row(job_id, "JobSubmitted", encode_data(a_question(number)).decode())] if with_question else []
    return [*question, Row(job_id, "JobPlanned", encode_data(PLANNED).decode())]


def test_buckets_are_taken_from_the_question_where_the_policy_of_then_did_not_ask_them() -> None:
    found = Comparison()
    events = [event for number in range(40) for event in stored(number, with_question=True)]
    compare(Reader().take(events), CANARY, None, found)

    wanted = sum(bucket_of("frugal", "acme", str(number)) < 5000 for number in range(40))
    assert (found.decisions, found.changed, found.unknown) == (40, wanted, Counter())
    assert found.moves == Counter({("otherwise-classical", "canary"): wanted})
    assert found.lanes_after["quantum"] == wanted
    assert 5 < wanted < 35


def test_where_nobody_can_know_it_is_counted() -> None:
    found = Comparison()
    compare(Reader().take(stored(1, with_question=False)), CANARY, None, found)

    assert (found.decisions, found.changed, found.unknown) == (1, 0, Counter({"bucket": 1}))


def test_two_policies_are_compared_with_each_other() -> None:
    found = Comparison()
    events = [event for number in range(20) for event in stored(number, with_question=True)]
    compare(Reader().take(events), DEFAULT, CANARY, found)

    assert set(found.moves) == {("canary", "otherwise-classical")}
    assert found.sample[0].before == "quantum_with_baseline (canary)"


def test_one_decision_is_told_in_full() -> None:
    canary = row("canary", "quantum", bucket={"lt": 5000}, tier="batch")
    policy = a_policy(canary, row("all", tier="interactive"), guards=[guard("g", qubits={"gt": 5})])
    planned: JobPlanned = plan(facts(bucket=7), policy)

    rows = asked_rows(planned, policy)

    assert [(each.table, each.row, each.outcome) for each in rows] == [
        ("guards", "g", "holds"),
        ("routing", "canary", "passed over"),
        ("routing", "all", "holds"),
    ]
    assert [(each.condition, each.value, each.bound, each.mark) for each in rows[1].conditions] == [
        ("bucket lt 5000", 7, 5000, "holds"),
        ("tier eq batch", "interactive", "batch", "fails"),
    ]
    assert (list(nearest(planned, policy)), would_also(planned, policy)) == (
        [("canary", "tier eq batch")],
        ["otherwise"],
    )
    other = what_if(planned, None, NOW, policy, parse_changes(["tier=batch", "qubits=3"]))
    assert (other.rule, other.plan) == ("canary", "quantum_with_baseline")
    asked = what_if(PLANNED, a_question(1), NOW, CANARY, {})
    assert asked.inputs["bucket"] == bucket_of("frugal", "acme", "1")
