"""What telemetry hears of what the validator sees: backends, shots, spend, verdicts; of solvers nothing but verdicts."""

from __future__ import annotations

from datetime import timedelta

from queuebit_contracts.jobs import Cost, Money, Ran, Usage
from queuebit_result_validation.measures import measure_execution, measure_verdicts
from queuebit_runtime.telemetry.metrics import Metric
from tests.builders import NOW, a_failure, a_success, a_verdict
from tests.fakes.telemetry import Listener

DEVICE = Ran(lane="quantum", method="qaoa", backend="ibm_a")


def test_a_run_on_a_device_is_told_with_what_it_used_and_cost() -> None:
    ears = Listener()
    usage = Usage(shots=4000)
    cost = Cost(amount="1.25", currency="USD", further=(Money(amount="3", currency="EUR"),))

    measure_execution(
        ears,
        a_success(
            lane="quantum", ran=DEVICE, usage=usage, cost=cost, started_at=NOW, finished_at=NOW + timedelta(seconds=7)
        ),
    )

    assert ears.observed == [(Metric.BACKEND_RUN_DURATION, 7, ("ibm_a",))]
    assert ears.counts == {
        (Metric.BACKEND_ATTEMPTS, ("ibm_a", "succeeded")): 1,
        (Metric.SHOTS, ("ibm_a",)): 4000,
        (Metric.SPEND, ("ibm_a", "USD")): 1.25,
        (Metric.SPEND, ("ibm_a", "EUR")): 3,
    }


def test_a_failure_is_told_where_it_has_a_backend_with_what_it_cost_all_the_same() -> None:
    ears = Listener()

    measure_execution(ears, a_failure(code="backend_overloaded", backend="ibm_a", cost=Cost(amount="0.5")))
    measure_execution(ears, a_failure())
    measure_execution(ears, a_success())

    assert ears.counts == {
        (Metric.BACKEND_ATTEMPTS, ("ibm_a", "backend_overloaded")): 1,
        (Metric.SPEND, ("ibm_a", "USD")): 0.5,
    }


def test_verdicts_are_counted_by_what_gave_the_answers() -> None:
    ears = Listener()
    good, bad = a_success(), a_success(ran=DEVICE)

    measure_verdicts(ears, [(good, a_verdict()), (good, a_verdict()), (bad, a_verdict(verdict="needs_review"))])

    assert ears.counts == {
        (Metric.VERDICTS, ("test", "accepted")): 2,
        (Metric.VERDICTS, ("ibm_a", "needs_review")): 1,
    }
