"""Jobs that wait for their turn and go to another backend: the new plan, what stands before it, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Money
from queuebit_contracts.money import Quote
from queuebit_contracts.policy import Approval
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Reroute, Submit, Wake
from queuebit_domain.job.moving import Destination, moved, why_not_moved
from queuebit_domain.job.state import Idle, NoJob, OpenJob
from queuebit_domain.job.timers import next_wake
from queuebit_domain.money.estimates import Price
from queuebit_domain.money.purse import Account, Purse
from queuebit_domain.policy.default import DEFAULT
from queuebit_domain.policy.tables import Policy
from queuebit_gateway.read_model.folding import Folding
from tests.builders import JOB_ID, NOW, a_submit
from tests.unit.control_plane.planned import submitted
from tests.unit.control_plane.waiting_jobs import BEHIND, LATER, LEG, SIMULATOR, full, sent_before, waiting
from tests.unit.policy.policies import a_policy, guard

AER = Destination("aer-large", "simulator")
QPU = Destination("qpu", "quantum")
REASON = "rerouted to aer-large by ada: the other one is full"
RICH = Purse()


def planned_of(submit: Submit) -> ev.JobPlanned:
    events, _ = decide(NoJob(), submit, NOW, JOB_ID, shares=full())
    return next(each for each in events if isinstance(each, ev.JobPlanned))


def rerouted(submit: Submit, to: Destination = AER) -> tuple[Sequence[ev.JobEvent], OpenJob]:
    job = waiting(submit)
    plan = moved(planned_of(submit), job, to, DEFAULT.document, REASON)
    events, after = decide(job, Reroute(to.lane, "ada", "the other one is full", plan), LATER, JOB_ID)
    assert isinstance(after, OpenJob)
    return events, after


def test_what_waits_is_planned_onto_the_backend_and_goes_at_once_where_there_is_room() -> None:
    (plan,), after = rerouted(submitted(SIMULATOR, BEHIND))

    assert isinstance(plan, ev.JobPlanned)
    assert [(leg.leg, leg.lane, leg.params) for leg in plan.legs] == [
        (LEG, "simulator", {"backend": "aer-large"}),
        ("fallback-classical", "classical", None),
    ]
    assert plan.reasons[-1] == REASON
    assert [type(leg.status) for leg in after.legs] == [Idle, Idle]
    assert next_wake(after) == NOW, "that is at once"
    (queued,), _ = decide(after, Wake(), LATER, JOB_ID)
    assert isinstance(queued, ev.JobQueued)
    assert (queued.attempt_id, queued.params["backend"]) == (attempt_id_of(JOB_ID, LEG, 1), "aer-large")


def test_onto_another_lane_it_is_a_leg_of_that_lane_and_its_fallbacks_stay() -> None:
    (plan,), after = rerouted(submitted(SIMULATOR, BEHIND), QPU)

    assert isinstance(plan, ev.JobPlanned)
    assert [(leg.leg, leg.lane) for leg in plan.legs] == [
        ("primary-quantum-moved", "quantum"),
        ("fallback-classical", "classical"),
    ]
    folding = Folding(JOB_ID)
    for event in [*decide(NoJob(), submitted(SIMULATOR, BEHIND), NOW, JOB_ID, shares=full())[0], plan]:
        folding.apply(event, NOW)
    assert (folding.held, folding.job) == ({}, after)


def test_onto_another_lane_its_next_rounds_still_follow_it() -> None:
    loop = {**SIMULATOR, "params": {"shots": 100}, "rounds": {"most": 2, "step": {"shots": 2}}}

    (plan,), _ = rerouted(submitted(loop), QPU)

    assert isinstance(plan, ev.JobPlanned)
    assert [(leg.leg, None if leg.round is None else leg.round.after) for leg in plan.legs] == [
        ("primary-quantum-moved", None),
        ("fallback-simulator", "primary-quantum-moved"),
    ]


def test_it_waits_for_its_turn_there_as_any_other() -> None:
    _, after = rerouted(submitted(SIMULATOR, BEHIND))

    (held,), _ = decide(after, Wake(), LATER, JOB_ID, shares=full())

    assert isinstance(held, ev.JobHeld)
    assert held.reason.startswith("fair_share")


POOR = Purse(
    (Account("a", "acme", "production", "USD", Decimal("0.10")),),
    {"qpu": Price("qpu", "USD", Decimal("0.30"), Decimal("0.001"))},
    {"quantum": frozenset({"qpu"})},
)
QUOTE = Quote(
    request="r", leg=LEG, lane="simulator", backend="aer", amount=Money(amount="1", currency="USD"), parts=(), digest="d",
    expires_at=LATER,
)  # fmt: skip
APPROVAL = Approval(row="r", role="owners", reason="dear", expires_s=60.0)


@pytest.mark.parametrize(
    ("request_", "to", "policy", "purse", "why_not"),
    [
        ({"lane": "simulator"}, QPU, DEFAULT, RICH, "it asks for the simulator lane"),
        ({"params": {"backend": "aer"}}, AER, DEFAULT, RICH, "it names the backend aer itself"),
        ({}, QPU, a_policy(guards=[guard("dear")]), RICH, "a guard of its policy forbids the quantum lane"),
        ({"params": {"regions": "eu"}}, QPU, DEFAULT, RICH, "its data may not go to qpu"),
        ({}, Destination("qpu", "quantum", "us", True), DEFAULT, RICH, "qpu takes only jobs that allow its region"),
        ({}, QPU, DEFAULT, POOR, "The budget acme has 0.10 USD left, and it may cost 1.324 on qpu"),
    ],
    ids=["lane", "own backend", "guard", "region", "named region", "budget"],
)
def test_what_the_job_its_policy_or_its_budget_does_not_allow_is_refused(
    request_: dict[str, Any], to: Destination, policy: Policy, purse: Purse, why_not: str
) -> None:
    lane = request_.pop("lane", None)
    submit = submitted(SIMULATOR, BEHIND, **request_) if lane is None else a_submit(lane, **request_)

    assert why_not_moved(planned_of(submit), waiting(submit), to, policy, purse) == why_not


def test_what_is_out_offered_or_allowed_by_people_is_not_planned_anew() -> None:
    submit = submitted(SIMULATOR, BEHIND)
    plan, job = planned_of(submit), waiting(submit)
    beside = submitted(SIMULATOR, {"role": "baseline", "lane": "classical"})
    offered = waiting(submit)
    object.__setattr__(offered, "quote", QUOTE)

    cases = {
        "another leg of it is or was out": (planned_of(beside), waiting(beside)),
        "an attempt of it was out before": (plan, sent_before()),
        "its quote pays for nothing else": (plan, offered),
        "people have allowed its plan as it is": (plan.model_copy(update={"approval": APPROVAL}), job),
    }
    found = [why_not_moved(each, at, AER, DEFAULT, RICH) for each, at in cases.values()]

    assert found == [*cases]
    for _, at in [*cases.values()][:3]:
        assert decide(at, Reroute("simulator", "ada", "why", plan), LATER, JOB_ID) == ([], at)
