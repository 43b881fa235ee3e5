"""What a job costs is a sum by currency: nothing is lost, nothing stops the job."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given as over
from hypothesis import strategies as st

from queuebit_contracts.envelope import encode_data
from queuebit_contracts.events import JobCompleted
from queuebit_contracts.jobs import Cost, Money
from queuebit_domain.job.money import add_cost
from tests.builders import a_failure, a_submit, a_success, a_verdict
from tests.unit.control_plane.given import given

EUR, USD = Cost(amount="1.50", currency="EUR"), Cost(amount="0.25", currency="USD")
amounts = st.from_regex(r"\A[0-9]{1,40}(\.[0-9]{1,40})?\Z")
moneys = st.builds(Money, amount=amounts, currency=st.sampled_from(["EUR", "USD", "CHF"]))
costs = st.builds(
    Cost,
    amount=amounts,
    currency=st.sampled_from(["EUR", "USD", "CHF"]),
    further=st.none() | st.lists(moneys, max_size=2).map(tuple),
)


def by_currency(*costs: Cost) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    for cost in costs:
        for part in (Money(amount=cost.amount, currency=cost.currency), *(cost.further or ())):
            sums[part.currency] = sums.get(part.currency, Fraction(0)) + Fraction(part.amount)
    return {currency: amount for currency, amount in sums.items() if amount}


def test_a_paid_answer_after_a_paid_failure_in_another_currency_completes_the_job() -> None:
    story = given(a_submit("auto"), a_failure("primary-simulator", cost=EUR), a_success("baseline-classical", cost=USD))

    done = story.when(a_verdict("baseline-classical")).the(JobCompleted)

    assert done.cost == Cost(amount="1.50", currency="EUR", further=(Money(amount="0.25", currency="USD"),))


def test_one_currency_is_written_as_before() -> None:
    done = given(a_submit(), a_success(cost=EUR)).when(a_verdict()).the(JobCompleted)

    assert b'"cost":{"amount":"1.50","currency":"EUR"}' in encode_data(done)


@over(costs, costs)
def test_every_amount_is_added_exactly_to_those_of_its_currency(left: Cost, right: Cost) -> None:
    assert by_currency(add_cost(left, right)) == by_currency(left, right)
