"""Measurements in the consumer: checked off the event loop, and held against earlier runs of the same circuits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from queuebit_contracts.envelope import decode
from queuebit_contracts.events import ExecutionSucceeded, ResultValidated
from queuebit_contracts.ids import attempt_id_of
from queuebit_result_validation import measured
from queuebit_result_validation.consumer import Verdict
from tests.fakes.buses import ListeningBus
from tests.measuring import coins, tosses
from tests.unit.result_validation.executions import JOB_ID
from tests.unit.result_validation.measurements import a_measurement
from tests.unit.result_validation.validating import a_validator, received

__all__ = ["coins"]

SHOTS = 20_000
COIN = tosses(2.0, shots=SHOTS)
"""It shows 0 in 29.2 % of the tosses; a run may be off by up to a tenth."""


class CountingHop:
    """Calls directly, and counts."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, work: Callable[[], Verdict]) -> Verdict:
        self.calls += 1
        return work()


def a_run(zeros: int, number: int, circuit: str = "coin", backend: str = "aer_simulator") -> ExecutionSucceeded:
    counts = {"0": zeros, "1": SHOTS - zeros}
    told = a_measurement(
        counts, COIN, attempt_id=attempt_id_of(JOB_ID, "a", number), provenance={"circuit_fingerprint": circuit}
    )
    return told.model_copy(update={"ran": told.ran.model_copy(update={"backend": backend})})


async def verdicts_on(*runs: ExecutionSucceeded) -> list[str]:
    bus = ListeningBus()
    await a_validator(bus, hop=CountingHop()).handle([received(run, str(place)) for place, run in enumerate(runs)])
    found = [decode(record.headers, record.value).data for call in bus.calls for record in call]
    return [each.verdict if isinstance(each, ResultValidated) else "rejected" for each in found]


async def test_a_measurement_is_checked_off_the_event_loop(coins: Any) -> None:
    hop = CountingHop()

    await a_validator(ListeningBus(), hop=hop).handle([received(a_run(5838, 1))])

    assert hop.calls == 1


async def test_measurements_are_checked_in_one_visit_and_told_at_once(coins: Any) -> None:
    bus, hop = ListeningBus(), CountingHop()
    runs = [a_run(5838 + number, number, f"circuit {number}") for number in range(10)]

    await a_validator(bus, hop=hop).handle([received(run, str(place)) for place, run in enumerate(runs)])

    assert hop.calls == 1
    assert [len(call) for call in bus.calls] == [10]


async def test_what_takes_long_lets_those_be_told_that_are_done(coins: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "TOGETHER_S", 0.0)
    bus, hop = ListeningBus(), CountingHop()
    runs = [a_run(5838 + number, number, f"circuit {number}") for number in range(3)]

    await a_validator(bus, hop=hop).handle([received(run, str(place)) for place, run in enumerate(runs)])

    assert hop.calls == 3
    assert [len(call) for call in bus.calls] == [1, 1, 1]


@pytest.mark.parametrize("said", [["abc"], {"name": "abc"}, 7, None])
async def test_a_name_of_a_circuit_that_is_no_name_stops_nobody(coins: Any, said: Any) -> None:
    runs = [a_run(5838 + number, number) for number in range(3)]
    odd = [run.model_copy(update={"provenance": {"circuit_fingerprint": said}}) for run in runs[:2]]

    assert await verdicts_on(*odd, runs[2]) == ["accepted"] * 3


async def test_a_backend_that_moves_is_found_out(coins: Any) -> None:
    """Each run passes its own test; the second is too far from the first."""
    assert await verdicts_on(a_run(5838, 1), a_run(7300, 2)) == ["accepted", "needs_review"]


async def test_other_circuits_other_backends_and_repeats_are_not_compared(coins: Any) -> None:
    runs = (a_run(5838, 1), a_run(7300, 2, "other"), a_run(7300, 3, backend="other"), a_run(5838, 1), a_run(5900, 4))

    assert await verdicts_on(*runs) == ["accepted"] * 5


async def test_a_run_that_is_refused_is_no_measure_for_others(coins: Any) -> None:
    assert await verdicts_on(a_run(SHOTS - 10, 1), a_run(5838, 2)) == ["rejected", "accepted"]
