"""Attempts that end their process while they wait: gone through again until the outcome, and paid once a round whatever."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import KeyReused, ProviderUnavailable, SubmissionEnded, SubmitRefused
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.ports import Preflight, Recovery, Request
from queuebit_quantum_adapter.shell.task import Outcome
from queuebit_quantum_adapter.submissions.journal import Journal, Remembering
from queuebit_store.submissions.port import SubmissionState
from tests.fakes.memory_provider import MemoryProvider
from tests.fakes.opened_provider import OPENED, opened
from tests.unit.quantum_adapter.kept_world import World, a_paid
from tests.unit.quantum_adapter.models import an_attempt


class Changing(MemoryProvider):
    """Its calibration changes whenever it is asked: what it says of a circuit it never says again."""

    def __init__(self) -> None:
        super().__init__(recovery=Recovery.FENCE)
        self._capabilities = replace(self._capabilities, estimates=True)
        self.asked = 0

    def preflight(self, request: Request) -> Preflight:
        self.asked += 1
        return replace(super().preflight(request), success=0.999**self.asked, seconds=0.1 * self.asked)


def told(outcome: Outcome) -> tuple[Any, ...]:
    provenance = {name: value for name, value in outcome.provenance.items() if name != "run"}
    return outcome.answer, outcome.objective, outcome.method, outcome.shots, provenance


METHODS: list[tuple[dict[str, Any], int]] = [
    ({"method": "lr"}, 1),
    ({"method": "trained", "iterations": 5}, 6),
    ({"method": "rqaoa"}, 1),
    ({"core_qubits": 3, "rounds": 3}, 2),
]


@pytest.mark.parametrize(("recipe", "rounds"), METHODS)
async def test_every_method_ends_as_if_it_had_waited_in_one_process(recipe: dict[str, Any], rounds: int) -> None:
    task, world = a_paid(**recipe), World()
    if "rounds" in recipe:
        task = replace(task, limits=replace(task.limits, qubits_max=dict.fromkeys(task.limits.qubits_max, 3)))

    outcome, steps = await world.whole(task)

    assert (world.provider.taken >= rounds, steps) == (True, world.provider.taken + 1)
    OPENED[:] = [MemoryProvider(recovery=Recovery.FENCE)]
    assert told(outcome) == told(frame.run(task, lambda _: None))


async def test_what_the_provider_said_before_counts_when_it_is_gone_through_again() -> None:
    """Its depth depends on what the provider says, which changes by the hour: other circuits would be paid again."""
    provider = Changing()
    world, task = World(provider), a_paid(method="trained", iterations=4, layers=3)

    _, steps = await world.whole(task)

    rows = await world.store.list_submissions(limit=99)
    assert steps > 3
    assert sorted(row.round for row in rows) == list(range(len(rows)))
    assert provider.taken == len(rows) == steps - 1
    assert provider.asked == len(rows) + 2, "each circuit once, and two for the depth"


async def test_a_result_that_is_there_needs_no_provider() -> None:
    world, task = World(), a_paid()
    row = await world.kept(task)
    assert await world.step(task, row) is None
    await world.follow()
    found = await world.store.attempt(task.attempt_id)
    assert found is not None
    OPENED.clear()

    assert await world.step(task, found) is not None


async def test_a_further_try_pays_nothing_for_what_an_earlier_one_handed_in() -> None:
    """Given a try that ended while its circuits were queued, then the next finds them by what they are."""
    world = World()
    first = await world.kept(a_paid(1))
    assert await world.step(a_paid(1), first) is None

    outcome, _ = await world.whole(a_paid(2), 2)

    (row,) = await world.store.list_submissions(limit=9)
    assert (world.provider.taken, row.attempt_id, row.state) == (1, an_attempt(1), SubmissionState.CONCLUDED)
    assert outcome.shots == 64
    _, _ = await world.whole(a_paid(3), 1, UUID(int=7))
    assert world.provider.taken == 2, "another leg is another one"


class Refusing(MemoryProvider):
    def __init__(self, times: int) -> None:
        super().__init__(recovery=Recovery.FENCE)
        self.times = times

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        self.times -= 1
        if self.times >= 0:
            raise SubmitRefused("too wide")
        return super().submit(request, key, fence)


async def test_what_the_provider_ended_is_an_error_and_a_further_try_hands_it_in_anew() -> None:
    world = World(Refusing(1))
    with pytest.raises(SubmissionEnded, match="too wide") as ended:
        await world.whole(a_paid(1))
    assert ended.value.code is FailureCode.PROBLEM_UNSUPPORTED

    await world.whole(a_paid(2), 2)

    rows = await world.store.list_submissions(limit=9)
    assert [(row.attempt_id, row.state) for row in reversed(rows)] == [
        (an_attempt(1), SubmissionState.FAILED),
        (an_attempt(2), SubmissionState.CONCLUDED),
    ]


async def test_whoever_lost_the_attempt_hands_nothing_in() -> None:
    world, task = World(Changing()), a_paid()
    row = await world.kept(task)
    world.now_s += 61.0
    assert await world.store.claim_attempt(["memory"], "two", 60.0) is not None

    assert await world.step(task, row) is None

    assert await world.store.list_submissions(limit=9) == []


async def test_other_circuits_in_the_same_round_are_not_handed_in_beside_the_first() -> None:
    world = World()
    row = await world.kept(a_paid(1))
    assert await world.step(a_paid(1), row) is None

    with pytest.raises(KeyReused) as reused:
        await world.step(a_paid(1, layers=2), row)

    assert (reused.value.action, world.provider.taken) == ("retry", 1)


def test_what_was_said_is_written_and_read_whole() -> None:
    request = Request((), (), 10)
    provider = Changing()
    journal = Journal()
    first = Remembering(lambda: provider, "memory", journal)
    said = first.capabilities(), first.preflight(request)
    assert journal.changed

    again = Remembering(opened, "memory", Journal(journal.encode()))
    OPENED.clear()

    assert (again.capabilities(), again.preflight(request)) == said
    with pytest.raises(ProviderUnavailable):
        Remembering(opened, "other", Journal(journal.encode())).capabilities()
