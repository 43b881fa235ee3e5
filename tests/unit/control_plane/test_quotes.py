"""Jobs that are held to a quote: exactly that is set aside, and where anything differs nothing is paid."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.jobs import Money
from queuebit_contracts.money import CostPart, Quote
from queuebit_domain.job.messages import Submit
from queuebit_domain.money.estimates import Price
from queuebit_domain.money.purse import Account, Purse
from tests.builders import NOW, a_submit
from tests.unit.control_plane.given import Story, given

QPU = Price("qpu", "USD", Decimal("0.30"), Decimal("0.001"))
QUOTE = Quote(
    request="f" * 64,
    leg="primary-quantum",
    lane="quantum",
    backend="qpu",
    amount=Money(amount="1.324", currency="USD"),
    parts=(
        CostPart(name="tasks", quantity="1", price="0.30", amount="0.30"),
        CostPart(name="shots", quantity="1024", price="0.001", amount="1.024"),
    ),
    expires_at=NOW,
    digest="d" * 64,
)
ACME = Account("acme production USD total", "acme", "production", "USD", Decimal(10))


def purse(*prices: Price, capped: bool = True, on: tuple[str, ...] = ("qpu",)) -> Purse:
    accounts = (ACME,) if capped else ()
    return Purse(accounts, {each.backend: each for each in prices}, {"quantum": frozenset(on)})


def asked(quote: Quote | None, spends: Purse, **changes: Any) -> Story:
    submit: Submit = a_submit("quantum", quantum_available=True, **changes)
    return given().when(replace(submit, event=submit.event.model_copy(update={"quote": quote})), purse=spends)


def test_exactly_what_was_offered_is_set_aside() -> None:
    story = asked(QUOTE, purse(QPU))

    reserved = story.the(ev.BudgetReserved)
    assert (reserved.amount, reserved.parts, reserved.backend) == (QUOTE.amount, QUOTE.parts, QUOTE.backend)
    assert story.names[-1] == "JobQueued"


@pytest.mark.parametrize("capped", [True, False])
@pytest.mark.parametrize(
    ("quote", "prices", "changes", "why"),
    [
        (QUOTE, (QPU._replace(shot=Decimal("0.002")),), {}, "it is for 1.324 USD, and it may cost 2.348 now"),
        (QUOTE, (QPU._replace(currency="EUR"),), {}, "it is for 1.324 USD"),
        (QUOTE, (QPU,), {"params": {"shots": 2048}}, "it may cost 2.348 now"),
        (QUOTE, (QPU, QPU._replace(backend="other")), {}, "the attempt may go to other, qpu"),
        (QUOTE.model_copy(update={"backend": "other"}), (QPU,), {}, "it is for other"),
        (QUOTE.model_copy(update={"leg": "fallback-quantum"}), (QPU,), {}, "nothing else is paid for under it"),
        (QUOTE, (), {}, "What qpu charges is not known"),
    ],
)
def test_where_anything_differs_nothing_is_paid_whether_there_is_a_budget_or_not(
    quote: Quote, prices: tuple[Price, ...], changes: dict[str, Any], why: str, capped: bool
) -> None:
    backends = tuple(each.backend for each in prices) or ("qpu",)
    story = asked(quote, purse(*prices, capped=capped, on=backends), **changes)

    refused = story.the(ev.BudgetExhausted)
    assert (refused.code, why in refused.detail) == ("no_price", True), refused.detail
    assert not any(isinstance(each, ev.JobQueued) and each.lane == "quantum" for each in story.events)


def test_without_a_budget_a_quote_that_holds_sets_nothing_aside() -> None:
    assert asked(QUOTE, purse(QPU, capped=False)).names == ["JobSubmitted", "JobPlanned", "JobQueued"]


def test_a_job_without_a_quote_goes_as_before() -> None:
    assert asked(None, purse(QPU._replace(shot=Decimal(0)))).the(ev.BudgetReserved).amount.amount == "0.30"
