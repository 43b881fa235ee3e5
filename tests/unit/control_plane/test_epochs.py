"""A store that came back without its last events: what is decided anew is told under other ids."""

from __future__ import annotations

from datetime import timedelta

from queuebit_store.memory import MemoryStore
from queuebit_store.memory_state.database import MemoryDatabase
from tests.builders import JOB_ID, NOW, a_submit
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.handling import a_command, a_handler


async def test_the_same_place_in_another_epoch_has_another_id() -> None:
    """Given a job that was lost and is asked again, then no id of its new events was ever given to an old one."""
    lost, restored = MemoryDatabase(), MemoryDatabase()
    restored.new_epoch()
    await a_handler(MemoryStore(lost)).handle([a_command(a_submit())])
    later = StoppedClock()
    later.moment = NOW + timedelta(minutes=1)
    await a_handler(MemoryStore(restored), later).handle([a_command(a_submit())])

    before, after = lost.events[JOB_ID], restored.events[JOB_ID]
    assert [event.type for event in before] == [event.type for event in after]
    assert not {event.id for event in before} & {event.id for event in after}


async def test_in_one_epoch_the_same_place_has_the_same_id() -> None:
    """Whoever decides, and however often: a repeat is known by its id."""
    first, second = MemoryStore(), MemoryStore()
    for store in (first, second):
        await a_handler(store).handle([a_command(a_submit())])

    assert [each.id for each in await first.events_of(JOB_ID)] == [each.id for each in await second.events_of(JOB_ID)]
