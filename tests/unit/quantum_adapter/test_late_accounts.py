"""What was used and told by no outcome is told late: once, of the right job, and not before it is known for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.envelope import decode
from queuebit_contracts.events import LateUsageReported
from queuebit_contracts.jobs import Cost, Usage
from queuebit_quantum_adapter.errors import ProviderUnavailable
from queuebit_quantum_adapter.ports import CostPart, Recovery, Result
from queuebit_quantum_adapter.shell.accounts import LOOK_S, USED, Accountant
from queuebit_quantum_adapter.shell.stepping import untold
from queuebit_quantum_adapter.shell.task import Outcome
from queuebit_quantum_adapter.submissions.codec import encode_result
from queuebit_quantum_adapter.submissions.packed import ToldAs
from queuebit_quantum_adapter.submissions.used import Asked, used
from queuebit_runtime.bus.port import BusError
from queuebit_store.attempts.port import NewAttempt, Use
from queuebit_store.memory import MemoryDatabase, MemoryStore
from queuebit_store.submissions.port import NewSubmission, SubmissionState
from tests.fakes.buses import CollectingBus
from tests.fakes.clocks import StoppedClock
from tests.fakes.memory_provider import MemoryProvider
from tests.fakes.opened_provider import SPEC
from tests.unit.quantum_adapter.models import JOB, an_attempt

LINEAGE, KEY, OTHER = UUID(int=6), UUID(int=100), UUID(int=101)
AS = ToldAs(str(JOB), "acme", "primary-quantum", None)
COMPLETE = {"qpu_s": 2.5, "status": "complete"}


class Slow(MemoryProvider):
    """Says later what was used."""

    def __init__(self, told: Mapping[str, Any] | None) -> None:
        super().__init__(recovery=Recovery.TOKEN)
        self.told = told

    def usage(self, provider_id: str) -> Mapping[str, Any]:
        if self.told is None:
            raise ProviderUnavailable
        return self.told


class Here:
    """A pool that asks in this process."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def run(self, function_path: str, argument: Any, **_: Any) -> Any:
        assert function_path == USED
        return await used(self._place.open, argument, lambda: self._place.provider)

    async def close(self) -> None:
        return


class Place:
    def __init__(self, provider: Any) -> None:
        self.now_s = 1000.0
        self.store = MemoryStore(MemoryDatabase(lambda: self.now_s))
        self.provider, self.bus, self.clock = provider, CollectingBus(), StoppedClock()
        self.accountant = Accountant(self.bus, Here(self), self.clock, [SPEC], settled_s=60.0)

    async def open(self) -> Any:
        return self.store

    async def ended(self, state: SubmissionState, usage: Mapping[str, Any] | None, *, counted: bool = False) -> None:
        attempt_id = an_attempt(1)
        await self.store.keep_attempt(NewAttempt(attempt_id, LINEAGE, 1, SPEC.name, b"order", AS.encode()))
        await self.store.intend(NewSubmission(KEY, attempt_id, 0, SPEC.name, b"circuits", "0" * 64, LINEAGE))
        row = await self.store.claim(KEY, "one", 60.0)
        assert row is not None
        result = encode_result(Result(({0: 60, 3: 40},), record={"usage": usage})) if usage is not None else None
        ended = replace(row, state=state, provider_id="job-1", due_at=None)
        await self.store.save_submission(ended, "", release=True, result=result)
        kept = await self.store.claim_attempt([SPEC.name], "one", 60.0)
        assert kept is not None
        if counted:
            await self.store.count_uses(kept, [KEY])
        await self.store.end_attempt(kept, counted=counted)

    async def told(self, later_s: float = 120.0) -> list[LateUsageReported]:
        """What is told from now on, so much later."""
        self.bus.records.clear()
        self.now_s += later_s
        self.clock.moment += timedelta(seconds=LOOK_S)
        await self.accountant.tell(self.store)
        events = [decode(record.headers, record.value) for record in self.bus.records]
        assert [each.subject for each in events] == [str(JOB)] * len(events)
        return [each.data for each in events]  # type: ignore[misc]


async def test_a_result_that_came_after_its_attempt_was_given_up_is_told_once_and_not_too_soon() -> None:
    place = Place(Slow(None))
    await place.ended(SubmissionState.CONCLUDED, COMPLETE)

    assert await place.told(30.0) == []
    [event] = await place.told()

    assert event == LateUsageReported(
        report_id=event.report_id,
        attempt_id=an_attempt(1),
        leg="primary-quantum",
        came="answer",
        usage=Usage(qpu_s=2.5, shots=100),
        backend=SPEC.name,
        submission="job-1",
    )
    assert await place.told(1e6) == []


async def test_what_an_outcome_has_counted_is_told_only_where_more_was_used() -> None:
    place = Place(Slow(COMPLETE))
    await place.ended(SubmissionState.CONCLUDED, {"status": "unknown"}, counted=True)

    [event] = await place.told()

    assert (event.came, event.usage) == ("usage", Usage(qpu_s=2.5))
    whole = Place(Slow(None))
    await whole.ended(SubmissionState.CONCLUDED, COMPLETE, counted=True)
    assert await whole.told() == []
    assert whole.store.database.charges == {}


@pytest.mark.parametrize("told", [None, {"status": "pending"}])
async def test_what_is_not_known_for_good_is_asked_again(told: Mapping[str, Any] | None) -> None:
    place = Place(Slow(told))
    await place.ended(SubmissionState.CANCELLED, None)

    assert await place.told() == []
    place.provider.told = COMPLETE
    assert await place.told(60.0) == []
    [event] = await place.told(600.0)

    assert (event.came, event.usage) == ("usage", Usage(qpu_s=2.5))


async def test_what_is_not_published_is_told_again_as_the_same() -> None:
    place = Place(Slow(None))
    await place.ended(SubmissionState.CONCLUDED, COMPLETE)
    publish, ids = place.bus.publish, list[bytes]()

    async def refused(records: Any) -> None:
        ids.extend(dict(record.headers)["ce_id"] for record in records)
        raise BusError("away")

    place.bus.publish = refused  # type: ignore[method-assign]
    assert await place.told() == []
    place.bus.publish = publish  # type: ignore[method-assign]
    [_] = await place.told(700.0)

    assert ids == [dict(record.headers)["ce_id"] for record in place.bus.records]


async def test_a_provider_that_never_says_more_has_said_all() -> None:
    place = Place(MemoryProvider(recovery=Recovery.TOKEN))
    await place.ended(SubmissionState.CANCELLED, None)

    assert await used(place.open, Asked(SPEC, KEY, "job-1"), lambda: place.provider) is not None
    assert await place.told() == []
    assert place.store.database.charges == {}


async def test_what_an_outcome_comes_to_tell_while_it_is_asked_for_is_not_told_late_besides() -> None:
    place = Place(Slow(COMPLETE))
    await place.ended(SubmissionState.CONCLUDED, {"status": "unknown"})
    ask = place.provider.usage

    def tried_again(provider_id: str) -> Mapping[str, Any]:
        database = place.store.database
        database.counted[KEY] = an_attempt(2)
        return ask(provider_id)  # type: ignore[no-any-return]

    place.provider.usage = tried_again

    assert await place.told() == []
    [event] = await place.told(700.0)
    assert (event.came, event.usage) == ("usage", Usage(qpu_s=2.5))


async def test_what_was_told_late_is_published_though_a_further_try_goes_on() -> None:
    place = Place(Slow(None))
    await place.ended(SubmissionState.CONCLUDED, COMPLETE)
    publish = place.bus.publish

    async def refused(records: Any) -> None:
        raise BusError("away")

    place.bus.publish = refused  # type: ignore[method-assign]
    assert await place.told() == []
    place.bus.publish = publish  # type: ignore[method-assign]
    await place.store.keep_attempt(NewAttempt(an_attempt(2), LINEAGE, 2, SPEC.name, b"order", AS.encode()))

    [event] = await place.told(700.0)

    assert event.usage == Usage(qpu_s=2.5, shots=100)
    second = await place.store.claim_attempt([SPEC.name], "one", 60.0)
    assert second is not None
    assert await place.store.count_uses(second, [KEY]) == {KEY: Use(2.5, 100)}


@pytest.mark.parametrize(
    ("mine", "left", "cost"),
    [
        ({KEY: Use(), OTHER: Use()}, (3.5, 150), "1.03"),
        ({KEY: Use(2.5, 100), OTHER: Use()}, (1.0, 50), "0.35"),
        ({KEY: Use(9.0, 100), OTHER: Use()}, (1.0, 50), "0.35"),
        ({OTHER: Use()}, (1.0, 50), "0.35"),
        ({}, (0.0, 0), "0"),
    ],
)
def test_an_outcome_tells_what_nobody_else_has_told(
    mine: Mapping[UUID, Use], left: tuple[float, int], cost: str
) -> None:
    used = {KEY: Use(2.5, 100), OTHER: Use(1.0, 50)}
    costs = {
        KEY: (CostPart("tasks", 0.3, "USD"), CostPart("shots", 0.38, "USD")),
        OTHER: (CostPart("tasks", 0.3, "USD"), CostPart("shots", 0.05, "USD")),
    }
    outcome = Outcome({}, None, "lr", 150, 2, {}, {}, qpu_s=3.5, used=used, costs=costs)

    found = untold(outcome, mine)

    assert (found.qpu_s, found.shots) == left
    assert found.cost == Cost(amount=cost)
