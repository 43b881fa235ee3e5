"""What a kept attempt may never suffer from: work of others, a step that ends unexpectedly, a ledger that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.envelope import decode
from queuebit_contracts.events import ExecutionFailed, ExecutionProgressed
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.backends.discovery import Found, without_ledger
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell.keeper import OrderKeeper
from queuebit_quantum_adapter.shell.stepping import UNEXPECTED_MAX
from queuebit_quantum_adapter.shell.task import Failed
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.errors import PoolCrashed, PoolTimeout, TaskFailed
from queuebit_store.attempts.port import NewAttempt
from queuebit_store.errors import StoreUnavailable
from queuebit_store.gates.port import Breaker
from queuebit_store.submissions.port import NewSubmission
from tests.fakes.buses import CollectingBus
from tests.fakes.opened_provider import SPEC
from tests.unit.quantum_adapter.conducting import KEY, PATIENT, Place, Steps
from tests.unit.quantum_adapter.models import LIMITS, an_attempt

BURST = 40


class Busy(Steps):
    """Steps that do not end before they are let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()
        self.running = self.most = 0

    async def run(self, function_path: str, argument: Any, **_: Any) -> Any:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.let.wait()
        finally:
            self.running -= 1
        return Failed(FailureCode.NO_BACKEND, "gone", "wait")


def said(bus: CollectingBus) -> list[Any]:
    return [decode(record.headers, record.value).data for record in bus.records]


async def many(place: Place, numbers: Sequence[int], *, waits: bool) -> None:
    """Attempts of legs of their own; those that wait have something at the provider."""
    for number in numbers:
        attempt_id, lineage, key = UUID(int=1000 + number), UUID(int=5000 + number), UUID(int=9000 + number)
        row = await place.store.keep_attempt(NewAttempt(attempt_id, lineage, 1, SPEC.name, place.data))
        if waits:
            await place.store.intend(NewSubmission(key, attempt_id, 0, SPEC.name, b"circuits", "0" * 64, lineage))
            place.store.database.attempts[attempt_id] = replace(row, awaits=key)


async def test_whoever_waits_says_so_though_all_steps_are_taken_and_each_has_its_turn() -> None:
    place = Place(CollectingBus(), pool=Busy())
    busy: Any = place.pool
    await many(place, range(BURST), waits=False)
    await many(place, range(BURST, 2 * BURST), waits=True)

    async def all_said() -> bool:
        rows = place.store.database.attempts.values()
        return bool(sum(row.signs > 0 for row in rows) == 2 * BURST - busy.running and busy.running > 0)

    await place.until(all_said, then=busy.let.set, last=lambda: _ended(place, BURST))

    assert busy.most == 4
    waiting = {event.detail for event in said(place.bus) if isinstance(event, ExecutionProgressed)}
    assert waiting == {"It waits for a worker.", "round 0: "}


async def _ended(place: Place, count: int) -> bool:
    return sum(row.ended for row in place.store.database.attempts.values()) == count


@pytest.mark.parametrize("error", [TaskFailed("KeyError", "x"), PoolCrashed("killed"), PoolTimeout()])
async def test_a_step_that_ends_unexpectedly_cancels_nothing_that_is_on_its_way(error: Exception) -> None:
    """Given circuits at the provider, when the step fails in a way nobody knows, then the attempt waits for them."""
    place = Place(CollectingBus())
    place.pool.ends = error
    await place.kept()
    await place.handed_in()

    async def waits() -> bool:
        return (await place.row()).awaits == KEY

    await place.until(waits)

    assert await place.wanted()
    assert [type(event) for event in said(place.bus)] == [ExecutionProgressed]


async def test_a_step_that_never_ends_well_ends_its_attempt_and_what_was_paid_is_found_by_the_next_try() -> None:
    place = Place(CollectingBus())
    place.pool.ends = TaskFailed("KeyError", "x")
    steps = place.pool.counted()
    await place.kept()
    await place.handed_in()
    row = await place.store.claim(KEY, "one", 1e6)
    assert row is not None
    await place.store.save_submission(place.concluded(row), "here", release=True, result=b"counts")

    async def ended() -> bool:
        place.now_s += 1.0
        return (await place.row()).ended

    await place.until(ended)

    (told,) = [event for event in said(place.bus) if isinstance(event, ExecutionFailed)]
    assert (told.code, told.action, len(steps)) == (FailureCode.INTERNAL, "retry", UNEXPECTED_MAX)


async def test_where_nothing_was_handed_in_and_its_backend_is_away_it_goes_elsewhere_without_a_step() -> None:
    place = Place(CollectingBus())
    steps = place.pool.counted()
    await place.store.note_silence(SPEC.name, Breaker(failures_max=1, open_s=1000.0, open_s_max=1000.0))
    await place.kept()

    async def ended() -> bool:
        return (await place.row()).ended

    await place.until(ended)

    (told,) = said(place.bus)
    assert (told.code, told.action, told.backend, steps) == (
        FailureCode.BACKEND_UNAVAILABLE,
        "reroute",
        SPEC.name,
        [],
    )


async def test_who_is_patient_waits_for_a_backend_that_is_away() -> None:
    place = Place(CollectingBus(), order=PATIENT)
    steps = place.pool.counted()
    await place.store.note_silence(SPEC.name, Breaker(failures_max=1, open_s=1000.0, open_s_max=1000.0))
    await place.kept()

    async def said_so() -> bool:
        return (await place.row()).signs > 0

    await place.until(said_so)
    assert not (await place.row()).ended
    assert steps == [], "a backend that does not answer is not asked by a step either"


async def test_how_long_a_step_waited_for_a_process_says_nothing_of_its_backend() -> None:
    quick, slow = Place(CollectingBus()), Place(CollectingBus())
    for place, silent_s in ((quick, None), (slow, 8.0)):
        place.pool.ends = Failed(FailureCode.BACKEND_UNAVAILABLE, "nobody answers", "wait", silent_s=silent_s)
        place.pool.meanwhile = lambda: asyncio.sleep(0.05)
        await place.kept()

        async def ended(place: Place = place) -> bool:
            return (await place.row()).ended

        await place.until(ended)

    assert (await quick.store.gate(SPEC.name)).failures == 1
    assert (await slow.store.gate(SPEC.name)).failures == 3


async def test_four_silent_steps_in_a_row_count_as_any_question_does() -> None:
    place = Place(CollectingBus())
    place.pool.ends = Failed(FailureCode.BACKEND_UNAVAILABLE, "nobody answers", "wait")
    await many(place, range(4), waits=False)

    async def ended() -> bool:
        return await _ended(place, 4)

    await place.until(ended)

    told = [event.action for event in said(place.bus)]
    assert sorted(map(str, told)) == ["None", "None", "None", "reroute"]
    assert (await place.store.gate(SPEC.name)).open_until is not None


async def test_what_is_abandoned_while_the_ledger_is_away_holds_nobody_up_and_is_noted_later() -> None:
    place = Place(CollectingBus())
    await place.kept()
    await place.handed_in()
    away = True

    async def opened() -> Any:
        if away:
            raise StoreUnavailable("away")
        return place.store

    place.conductor._open_ledger = opened
    keeper = OrderKeeper(
        opened, place.executor, SystemClock(), hurry=place.conductor.hurry, drop=place.conductor.abandon
    )

    await keeper.abandon([an_attempt(1), UUID(int=77)])
    assert place.bus.records == []
    away = False

    async def ended() -> bool:
        return (await place.row()).ended

    await place.until(ended)
    assert not await place.wanted()


async def test_what_ended_long_ago_is_put_away_in_batches() -> None:
    place = Place(CollectingBus(), kept_s=3600.0)
    await place.kept()
    await place.handed_in()
    place.pool.ends = Failed(FailureCode.NO_BACKEND, "gone", "wait")

    async def ended() -> bool:
        return (await place.row()).ended

    await place.until(ended)
    row = await place.store.claim(KEY, "one", 1e6)
    assert row is not None
    await place.store.save_submission(place.cancelled(row), "cancelled", release=True)
    place.now_s += 3601.0

    async def gone() -> bool:
        return await place.store.attempt(an_attempt(1)) is None

    await place.again().until(gone)

    assert await place.store.submission(KEY) is None
    assert await place.store.submission_request(KEY) is None
    assert await place.store.submission_notes(KEY) == []


def test_without_a_ledger_what_needs_one_is_not_used_and_the_rest_is() -> None:
    ideal = aer(LIMITS)

    found = without_ledger(Found((ideal, SPEC), ("other",)), "Set QUEUEBIT_POSTGRES.")

    assert found.specs == (ideal,)
    assert found.broken == (
        "other",
        "memory cannot be used: what is paid for needs a ledger in PostgreSQL. Set QUEUEBIT_POSTGRES.",
    )
    assert without_ledger(Found((ideal,)), "Set it.") == Found((ideal,))
