"""The money of a job: set aside before an attempt goes out, settled by what it cost, refused where there is not enough."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Cost, Lane, Money, Ran, Usage
from queuebit_contracts.money import CostPart
from queuebit_domain.job.messages import Cancel, Settle, Wake
from queuebit_domain.job.state import EndedJob, OpenJob, PaidLate
from queuebit_domain.money.estimates import Price
from queuebit_domain.money.purse import Account, Purse
from tests.builders import JOB_ID, NOW, a_failure, a_start, a_submit, a_success, a_verdict, at
from tests.unit.control_plane.given import Story, given
from tests.unit.control_plane.planned import submitted

LEG = "primary-quantum"
QPU = Price("qpu", "USD", Decimal("0.30"), Decimal("0.001"))
ON: dict[Lane, frozenset[str]] = {"quantum": frozenset({"qpu"})}
ACME, WEB = "acme production USD total", "acme/web production USD total"


def account(name: str, left: str, purpose: Any = "production", currency: str = "USD", **changes: Any) -> Account:
    return Account(f"{name} {purpose} {currency} total", name, purpose, currency, Decimal(left), **changes)


def a_purse(*accounts: Account, prices: tuple[Price, ...] = (QPU,), **changes: Any) -> Purse:
    return Purse(accounts, {each.backend: each for each in prices}, **{"charging": ON, **changes})


RICH = a_purse(account("acme", "10"))


def asked(purse: Purse = RICH, **changes: Any) -> Story:
    return given().when(a_submit("quantum", quantum_available=True, **changes), purse=purse)


def test_what_an_attempt_may_cost_is_set_aside_before_it_goes_out() -> None:
    story = asked()

    assert story.names == ["JobSubmitted", "JobPlanned", "BudgetReserved", "JobQueued"]
    assert story.the(ev.BudgetReserved) == ev.BudgetReserved(
        attempt_id=attempt_id_of(JOB_ID, LEG, 1),
        leg=LEG,
        lane="quantum",
        number=1,
        backend="qpu",
        amount=Money(amount="1.324", currency="USD"),
        parts=(
            CostPart(name="tasks", quantity="1", price="0.30", amount="0.30"),
            CostPart(name="shots", quantity="1024", price="0.001", amount="1.024"),
        ),
        accounts=(ACME,),
    )


def test_what_a_plan_sets_for_a_leg_is_what_it_may_cost_and_where_it_goes() -> None:
    """Given a policy that takes more shots than the job says, on a backend that it names, then these are what is set aside."""
    leg = {"role": "primary", "lane": "quantum", "params": {"shots": 4000, "backend": "dear"}}
    prices = (QPU, Price("dear", "USD", Decimal("1.00"), Decimal("0.002")))
    purse = a_purse(account("acme", "10"), prices=prices, charging={"quantum": frozenset({"qpu", "dear"})})

    reserved = given().when(submitted(leg, params={"shots": 10}), purse=purse).the(ev.BudgetReserved)

    assert (reserved.backend, reserved.amount.amount) == ("dear", "9.000")


def test_a_tenant_without_a_budget_is_not_bounded_and_nothing_is_said_of_money() -> None:
    assert asked(Purse(charging=ON)).names == ["JobSubmitted", "JobPlanned", "JobQueued"]


def test_a_lane_that_charges_nothing_sets_nothing_aside() -> None:
    free = a_purse(account("acme", "0"), charging={}, free={"simulator": frozenset({"aer"})})

    assert given().when(a_submit("simulator"), purse=free).names == ["JobSubmitted", "JobPlanned", "JobQueued"]


def test_money_is_taken_from_every_budget_on_the_path_and_from_no_other() -> None:
    purse = a_purse(
        account("acme", "10"), account("acme/web", "5"), account("acme/shop", "5"), account("acme", "9", "experiment")
    )

    assert asked(purse, labels={"project": "web"}).the(ev.BudgetReserved).accounts == (ACME, WEB)
    assert asked(purse).the(ev.BudgetReserved).accounts == (ACME,)


@pytest.mark.parametrize(
    ("purse", "code", "words"),
    [
        (a_purse(account("acme", "1")), "no_room", "The budget acme has 1 USD left, and it may cost 1.324 on qpu."),
        (a_purse(account("acme", "9"), account("acme/-", "-1")), "no_room", "The budget acme/- has -1 USD left"),
        (a_purse(account("acme", "9"), prices=()), "no_price", "What qpu charges is not known, and nobody who has a"),
        (a_purse(account("acme", "9"), charging={}, prices=()), "no_price", "What a backend that has not reported charges"),
        (a_purse(account("acme", "9", currency="EUR")), "no_budget", "no budget for production in USD, in which qpu charges"),
        (a_purse(account("acme", "9", "experiment")), "no_budget", "no budget for production in USD"),
    ],
)  # fmt: skip
def test_what_cannot_be_paid_for_is_not_tried_and_the_plan_goes_on_without_it(
    purse: Purse, code: str, words: str
) -> None:
    story = asked(purse)

    assert story.names == ["JobSubmitted", "JobPlanned", "BudgetExhausted", "FallbackTaken", "JobQueued"]
    refused = story.the(ev.BudgetExhausted)
    assert (refused.code, words in refused.detail) == (code, True), refused.detail
    assert story.the(ev.JobQueued).lane == "simulator"


def test_a_job_that_wants_no_other_answer_fails_and_says_when_there_is_money_again() -> None:
    soon = NOW + timedelta(days=3)
    story = asked(a_purse(account("acme", "1", resets_at=soon)), alone=True)

    failed = story.the(ev.JobFailed)
    assert failed.code.value == "budget_exhausted"
    assert failed.detail.endswith("It begins anew at 2026-01-05 03:04 UTC.")
    assert story.the(ev.BudgetExhausted).resets_at == soon


def test_the_dearest_backend_that_it_may_go_to_counts() -> None:
    dear = Price("dear", "USD", Decimal(5))
    purse = a_purse(account("acme", "10"), prices=(QPU, dear), charging={"quantum": frozenset({"qpu", "dear"})})

    assert asked(purse).the(ev.BudgetReserved).backend == "dear"
    assert asked(purse, params={"backend": "qpu"}).the(ev.BudgetReserved).backend == "qpu"


def test_while_no_backend_has_reported_the_dearest_of_all_prices_is_set_aside() -> None:
    """Given a control plane that has just begun, then a leg waits on its topic rather than end for want of a price."""
    dear = Price("dear", "USD", Decimal(5))
    purse = a_purse(account("acme", "10"), prices=(QPU, dear), charging={})

    assert asked(purse).the(ev.BudgetReserved).backend == "dear"


def test_what_may_be_charged_in_either_of_two_currencies_is_not_one_estimate() -> None:
    yen = Price("far", "JPY", Decimal(100))
    purse = a_purse(account("acme", "10"), prices=(QPU, yen), charging={"quantum": frozenset({"qpu", "far"})})

    refused = asked(purse).the(ev.BudgetExhausted)
    assert (refused.code, "charge in JPY and in USD" in refused.detail) == ("no_price", True), refused.detail
    assert asked(purse, params={"backend": "qpu"}).the(ev.BudgetReserved).amount.currency == "USD"


def test_what_it_cost_is_booked_and_the_rest_released() -> None:
    ran = Ran(lane="quantum", method="qaoa", backend="qpu")
    answered = asked().when(a_success(LEG, ran=ran, cost=Cost(amount="0.8")), purse=RICH)

    assert answered.the(ev.BudgetSettled) == ev.BudgetSettled(
        attempt_id=attempt_id_of(JOB_ID, LEG, 1),
        leg=LEG,
        reserved=Money(amount="1.324", currency="USD"),
        spent=Money(amount="0.8", currency="USD"),
        released="0.524",
        overrun="0",
        basis="reported",
        accounts=(ACME,),
    )
    assert isinstance(answered.job, OpenJob)
    assert (answered.job.reserved, answered.job.cost) == ((), Cost(amount="0.8"))


def test_what_nobody_says_is_priced_by_what_was_used_and_stands_in_the_answer() -> None:
    used = a_success(LEG, ran=Ran(lane="quantum", method="qaoa", backend="qpu"), usage=Usage(shots=1000))
    answered = asked().when(used, purse=RICH)

    settled = answered.the(ev.BudgetSettled)
    assert (settled.spent.amount, settled.basis) == ("1.300", "priced")
    done = answered.when(a_verdict(LEG), purse=RICH)
    assert done.the(ev.JobCompleted).cost == Cost(amount="1.300")


def test_what_costs_more_than_was_set_aside_is_booked_all_the_same() -> None:
    ran = Ran(lane="quantum", method="qaoa", backend="qpu")
    settled = asked().when(a_success(LEG, ran=ran, cost=Cost(amount="2")), purse=RICH).the(ev.BudgetSettled)

    assert (settled.spent.amount, settled.released, settled.overrun) == ("2", "0", "0.676")


def test_a_further_try_of_a_leg_stands_on_the_same_money() -> None:
    story = asked().when(a_failure(LEG, code="backend_unavailable"), purse=RICH)

    assert story.names == ["ExecutionFailed"]
    again = story.when(Wake(), at(30), purse=a_purse(account("acme", "0")))
    assert again.names == ["JobQueued"]


def test_what_is_set_aside_outlives_the_job_until_a_late_report_settles_it() -> None:
    started = asked().when(a_start(LEG), purse=RICH)
    cancelled = started.when(Cancel("acme", "alice", ""), purse=RICH)

    assert cancelled.names == ["AttemptAbandoned", "JobCancelled"]
    assert isinstance(cancelled.job, EndedJob)
    assert [each.leg for each in cancelled.job.reserved] == [LEG]
    late = cancelled.when(a_failure(LEG, cost=Cost(amount="0.1")), purse=RICH)
    assert (late.names, late.the(ev.BudgetSettled).spent.amount) == (["LateUsageReported", "BudgetSettled"], "0.1")
    assert late.when(a_failure(LEG, cost=Cost(amount="0.1")), purse=RICH).names == []


@pytest.mark.parametrize(
    ("handed_in", "spent", "released", "basis"),
    [(True, "1.324", "0.000", "estimate"), (False, "0", "1.324", "nothing_sent")],
)
def test_what_nobody_will_report_is_settled_by_what_is_known_of_submissions(
    handed_in: bool, spent: str, released: str, basis: str
) -> None:
    cancelled = asked().when(Cancel("acme", "alice", ""), purse=RICH)

    settled = cancelled.when(Settle(LEG, handed_in)).the(ev.BudgetSettled)

    assert (settled.spent.amount, settled.released, settled.basis) == (spent, released, basis)
    assert cancelled.when(Settle("primary-simulator", handed_in)).names == []


def test_a_failure_that_says_of_no_cost_leaves_the_money_where_it_is() -> None:
    spent = asked().when(a_failure(LEG), purse=RICH)

    assert spent.names == ["ExecutionFailed", "FallbackTaken", "JobQueued"]
    assert isinstance(spent.job, OpenJob)
    assert len(spent.job.reserved) == 1


RAN = Ran(lane="quantum", method="qaoa", backend="qpu")


def tried_again() -> Story:
    """The first attempt is lost, and the second one is out."""
    lost = asked(alone=True).when(Wake(), at(400), purse=RICH)
    again = lost.when(Wake(), at(500), purse=RICH)
    assert (lost.the(ev.ExecutionFailed).code.value, again.names) == ("worker_lost", ["JobQueued"])
    return again


def test_what_an_earlier_try_tells_late_settles_nothing_while_a_further_one_is_out() -> None:
    late = tried_again().when(a_success(LEG, ran=RAN, cost=Cost(amount="0.4")), at(510), purse=RICH)

    assert late.names == ["LateUsageReported"]
    assert isinstance(late.job, OpenJob)
    assert late.job.paid_late == (PaidLate(LEG, Cost(amount="0.4")),)

    told = late.when(a_success(LEG, 2, ran=RAN, cost=Cost(amount="0.5")), at(520), purse=RICH)
    settled = told.the(ev.BudgetSettled)
    assert (settled.spent.amount, settled.released, settled.basis) == ("0.9", "0.424", "reported")
    assert isinstance(told.job, OpenJob)
    assert (told.job.reserved, told.job.paid_late, told.job.cost) == ((), (), Cost(amount="0.9"))


def test_a_failure_of_an_earlier_try_with_a_cost_settles_nothing_while_a_further_one_is_out() -> None:
    late = tried_again().when(a_failure(LEG, cost=Cost(amount="0.4")), at(510), purse=RICH)

    assert late.names == ["LateUsageReported"]
    cancelled = late.when(Cancel("acme", "alice", ""), at(520), purse=RICH)
    told = cancelled.when(a_failure(LEG, 2, cost=Cost(amount="0.1")), at(530), purse=RICH)
    assert (told.names, told.the(ev.BudgetSettled).spent.amount) == (["LateUsageReported", "BudgetSettled"], "0.5")


def test_use_that_is_told_late_is_priced_and_counts_in_the_settlement() -> None:
    report = ev.LateUsageReported(
        report_id=attempt_id_of(JOB_ID, LEG, 1),
        attempt_id=attempt_id_of(JOB_ID, LEG, 1),
        leg=LEG,
        came="answer",
        usage=Usage(shots=200),
        backend="qpu",
    )
    late = tried_again().when(report, at(510), purse=RICH)

    assert late.the(ev.LateUsageReported).cost == Cost(amount="0.500")
    found = late.when(a_success(LEG, 2, ran=RAN, usage=Usage(wall_s=1.0)), at(520), purse=RICH)
    assert found.the(ev.BudgetSettled).spent.amount == "0.500"
    ended = late.when(Cancel("acme", "alice", ""), at(520), purse=RICH)
    assert ended.when(Settle(LEG, False)).the(ev.BudgetSettled).spent.amount == "0.500"
    assert ended.when(Settle(LEG, True)).the(ev.BudgetSettled).spent.amount == "1.324"
