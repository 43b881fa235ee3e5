"""Who carries an attempt on may be paused, drained or late: the others' work and what was stored stay as they are."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.envelope import decode, encode_data, encode_headers
from queuebit_contracts.events import ExecutionSucceeded
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.shell.keeper import OrderKeeper
from queuebit_quantum_adapter.shell.task import Failed, Outcome
from queuebit_runtime.bus.port import Record
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.errors import PoolTimeout
from queuebit_runtime.worker.orders import Work
from queuebit_runtime.worker.reports import Report
from queuebit_store.attempts.port import Use
from tests.fakes.buses import CollectingBus
from tests.fakes.opened_provider import SPEC
from tests.unit.quantum_adapter.conducting import KEY, LEASE_S, ORDER, PATIENT, Place, Stuck, enveloped

ANSWER = {"side": [0, 1, 0, 1]}


@pytest.fixture
def place() -> Place:
    return Place(CollectingBus())


async def test_who_ends_while_an_outcome_is_published_leaves_the_outcome_as_it_is() -> None:
    """Told once more by another one, it must be the same: its id is."""
    bus = Stuck()
    place = Place(bus)
    place.pool.ends = Failed(FailureCode.NO_BACKEND, "gone", "wait")
    await place.kept()

    async def published() -> bool:
        return bus.asked.is_set()

    await place.until(published)

    row = await place.row()
    assert row.outcome is not None
    assert row.outcome.endswith(bus.records[0].value or b"-")
    assert (row.owner, row.lease_until, row.ended) == (None, None, False)


async def test_who_has_lost_an_attempt_cancels_nothing_of_it(place: Place) -> None:
    """Given a conductor that was paused in a step while another one took over, then its failure is nobody's."""
    taken: list[Any] = []

    async def paused() -> None:
        place.now_s += LEASE_S + 1.0
        taken.append(await place.store.claim_attempt([SPEC.name], "two", 1e6))

    place.pool.meanwhile, place.pool.ends = paused, PoolTimeout()
    await place.kept()
    await place.handed_in()

    async def looked() -> bool:
        return bool(taken) and not place.conductor._tasks

    await place.until(looked)

    assert await place.wanted()
    assert (await place.row()).owner == "two"
    assert place.bus.records == []


async def test_what_ends_for_good_is_cancelled_at_the_provider(place: Place) -> None:
    place.pool.ends = Failed(FailureCode.NO_BACKEND, "gone", "wait")
    await place.kept()
    await place.handed_in()

    async def ended() -> bool:
        return (await place.row()).ended

    await place.until(ended)

    assert not await place.wanted()
    assert len(place.bus.records) == 1


async def test_what_is_tried_again_stays_at_the_provider(place: Place) -> None:
    place.pool.ends = Failed(FailureCode.WORKER_LOST, "gone", "wait")
    await place.kept()
    await place.handed_in()

    async def ended() -> bool:
        return (await place.row()).ended

    await place.until(ended)

    assert await place.wanted()


@pytest.mark.parametrize(("action", "ends"), [(None, False), ("retry", True)])
async def test_who_is_patient_waits_for_who_is_silent_and_not_for_what_has_ended(action: Any, ends: bool) -> None:
    place = Place(CollectingBus(), order=PATIENT)
    place.pool.ends = Failed(FailureCode.BACKEND_UNAVAILABLE, "cancelled", "wait", action=action)
    await place.kept()

    async def told() -> bool:
        return bool(place.bus.records)

    await place.until(told)

    assert (await place.row()).ended is ends


async def test_what_waits_at_a_backend_that_is_not_configured_here_is_left_alone() -> None:
    place = Place(CollectingBus(), ["other"])
    await place.kept()
    begun = asyncio.get_running_loop().time()

    async def looked() -> bool:
        return asyncio.get_running_loop().time() > begun + 0.1

    await place.until(looked)

    assert await place.row() == await place.kept()
    assert (await place.row()).epoch == 0


async def test_an_order_that_is_abandoned_while_it_is_stored_is_not_carried_on(place: Place) -> None:
    work = Work(ORDER, Report(enveloped(ORDER), "quantum-adapter"), large=True)
    nothing: Any = None
    work.claims.append((nothing, Record("t", 0, 0, b"", encode_data(ORDER), tuple(encode_headers(enveloped(ORDER))))))
    conductor = place.conductor
    keeper = OrderKeeper(place.open, place.executor, SystemClock(), hurry=conductor.hurry, drop=conductor.abandon)

    async def meanwhile(operation: str) -> None:
        if operation == "keep_attempt":
            work.stop.set()
            await keeper.abandon([ORDER.attempt_id])

    place.hooks.before = meanwhile

    assert await keeper.keep(work)

    async def ended() -> bool:
        return (await place.row()).ended

    await place.until(ended)
    assert (await place.row()).stop_wanted


async def test_what_was_told_late_before_a_further_try_came_is_not_told_by_its_outcome(place: Place) -> None:
    """Given a result that nobody waited for any more, when a retry comes long after and finds it, it is counted once."""
    await place.handed_in()
    row = await place.store.claim(KEY, "one", 60.0)
    assert row is not None
    await place.store.save_submission(place.concluded(row), "", release=True, result=b"{}")
    [charge] = await place.store.claim_charges([SPEC.name], await place.store.attempts_now(), 10)
    await place.store.note_late(charge, Use(2.0, 100))
    used = {KEY: Use(2.5, 100), UUID(int=101): Use(1.0, 50)}
    place.pool.ends = Outcome(ANSWER, 1, "lr", 150, 1, {}, {}, qpu_s=3.5, used=used)
    await place.kept(2)

    async def ended() -> bool:
        return (await place.row(2)).ended

    await place.until(ended)

    [record] = place.bus.records
    told = decode(record.headers, record.value).data
    assert isinstance(told, ExecutionSucceeded)
    assert (told.usage.qpu_s, told.usage.shots) == (1.5, 50)
