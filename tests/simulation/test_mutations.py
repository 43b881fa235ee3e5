"""Who checks the checkers: the known ways to build this wrong, each of which some seed must find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from queuebit_contracts.events import CompensationRequested, JobEvent
from queuebit_contracts.ids import asked_job_id_of
from queuebit_control_plane.holding.releaser import Releaser
from queuebit_control_plane.relay.large_path import LargePath
from queuebit_control_plane.relay.relay import Relay, records_of
from queuebit_domain.job import evolve
from queuebit_domain.job.draft import Draft
from queuebit_domain.job.state import EndedJob, Held
from queuebit_runtime.bus.dead_letters.burial import DeadLetters
from queuebit_runtime.bus.delivery import Member
from queuebit_runtime.bus.memory.bus import MemoryBus
from queuebit_runtime.bus.port import BusError
from queuebit_runtime.bus.slots import Slot
from queuebit_runtime.worker.attempts import Outcome
from queuebit_runtime.worker.orders import Work
from queuebit_runtime.worker.results import Results
from queuebit_store.log.memory import MemoryCursors
from queuebit_store.memory_state.database import MemoryDatabase
from queuebit_store.ports import Append, Position, StoredEvent
from queuebit_store.projections.memory import MemoryProjections
from queuebit_store.projections.port import Advance
from tests.simulation.checkers import check
from tests.simulation.simulation import run_simulation

SEEDS = range(1, 2000)
"""As many as it takes, from the front; the unchanged code passes all of them."""


def without_horizon(patch: pytest.MonkeyPatch) -> None:
    """The relay reads what is visible, also beyond a transaction that is still open."""
    patch.setattr(MemoryDatabase, "horizon", property(lambda database: database.next_xid))


def without_expected_version(patch: pytest.MonkeyPatch) -> None:
    """An append goes where the stream stands now, whatever was decided on."""
    write = MemoryDatabase.write

    def write_anyway(database: MemoryDatabase, append: Append, xid: int) -> None:
        row = database.streams.get(append.stream_id)
        write(database, append._replace(expected_version=row.version if row else 0), xid)

    patch.setattr(MemoryDatabase, "fits", lambda _database, _append: True)
    patch.setattr(MemoryDatabase, "write", write_anyway)


def offsets_before_work(patch: pytest.MonkeyPatch) -> None:
    """What is delivered counts as done."""
    patch.setattr(Slot, "prefix", lambda slot: slot._next)


def cursor_before_publish(patch: pytest.MonkeyPatch) -> None:
    """The relay saves how far it has come, and then publishes."""

    async def step(relay: Relay) -> bool:
        if not await relay._leads():
            return False
        relay._woken.clear()
        stored = await relay._store.read(relay._position, limit=1000)
        if stored:
            relay._position = stored[-1].position
            await relay.save(force=True)
            await relay._bus.publish(records_of(stored, relay._clock.now()))
        return False

    patch.setattr(Relay, "step", step)


def cursor_past_large(patch: pytest.MonkeyPatch) -> None:
    """The relay saves how far it has read, whatever large events are still open."""
    patch.setattr(LargePath, "behind", None)


def large_overtaken(patch: pytest.MonkeyPatch) -> None:
    """What is small does not wait for a large event of its job."""
    divide = LargePath.divide

    def divide_alone(path: LargePath, events: Sequence[StoredEvent], after: Position) -> Any:
        path._streams.clear()
        found = [divide(path, [event], before) for event, before in zip(events, _befores(events, after), strict=True)]
        return [one for at_once, _ in found for one in at_once], [one for _, later in found for one in later]

    patch.setattr(LargePath, "divide", divide_alone)


def _befores(events: Sequence[StoredEvent], after: Position) -> list[Position]:
    return [after, *(event.position for event in events[:-1])]


def lease_not_compared(patch: pytest.MonkeyPatch) -> None:
    """The store saves the cursor of whoever believes to lead."""
    save = MemoryCursors.save_cursor
    patch.setattr(MemoryCursors, "save_cursor", lambda store, name, position, lease=None: save(store, name, position))


def given_away_and_kept(patch: pytest.MonkeyPatch) -> None:
    """What a member has given away counts as its own."""
    patch.setattr(Member, "fence", lambda member, places: None)


def successors_pass(patch: pytest.MonkeyPatch) -> None:
    """What follows a dead letter of its job is taken."""
    patch.setattr(DeadLetters, "waits", lambda letters, record: None)


def results_sent_once(patch: pytest.MonkeyPatch) -> None:
    """Results are thrown away where the broker does not take them."""

    async def publish_once(self: Results, results: list[tuple[Work, Outcome]]) -> None:
        try:
            await self._bus.publish([work.report.record(outcome, self._clock.now()) for work, outcome in results])
        except BusError:
            return

    patch.setattr(Results, "publish", publish_once)


def refusals_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A question is taken, whatever was said of it before."""
    patch.setattr("queuebit_control_plane.handler._ended_elsewhere", lambda _told, _found: False)
    fits = MemoryDatabase.fits
    patch.setattr(MemoryDatabase, "fits", lambda database, append: fits(database, append._replace(rival_id=None)))


def control_from_now_on(patch: pytest.MonkeyPatch) -> None:
    """A worker hears of what is abandoned from the moment on in which it starts."""
    subscribe = MemoryBus.subscribe
    patch.setattr(MemoryBus, "subscribe", lambda bus, each: subscribe(bus, replace(each, from_age_s=None)))


def held_until_something_else_happens(patch: pytest.MonkeyPatch) -> None:
    """A leg that is held goes on with whatever the job hears next."""
    hold_on = Draft.hold_on
    patch.setattr(Draft, "hold_on", lambda draft, leg: None if isinstance(leg.status, Held) else hold_on(draft, leg))


def held_for_ever(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks at what was held when its hold is lifted."""

    async def nothing(_releaser: Releaser) -> bool:
        return False

    patch.setattr(Releaser, "step", nothing)


def sources_mixed_up(patch: pytest.MonkeyPatch) -> None:
    """One id is one question, whoever sent it."""
    patch.setattr(
        "queuebit_control_plane.inbound.identity.asked_job_id_of",
        lambda tenant, _, id_: asked_job_id_of(tenant, "", id_),
    )


def folded_by_two(patch: pytest.MonkeyPatch) -> None:
    """A batch of a projection is saved wherever the build stands by now, and whoever holds its lease."""

    def advanced(store: MemoryProjections, one: Advance) -> bool:
        db, build, progress = store.database, one.build, one.progress
        for key in progress.gone:
            db.projected[build.build].pop(key, None)
        db.projected[build.build].update({row[: one.shape.key_columns]: row for row in progress.put})
        db.builds[build.build] = replace(db.builds[build.build], cursor=progress.after)
        return True

    patch.setattr(MemoryProjections, "_advanced", advanced)


def undone_at_each_cause(patch: pytest.MonkeyPatch) -> None:
    """What was asked to be undone is forgotten, and asked for once more."""
    after = evolve._after_the_end

    def forgetful(job: EndedJob, event: JobEvent, at: datetime) -> EndedJob:
        return job if isinstance(event, CompensationRequested) else after(job, event, at)

    patch.setattr(evolve, "_after_the_end", forgetful)


@pytest.mark.parametrize(
    ("mutate", "found_by"),
    [
        (without_horizon, "committed_is_published"),
        (without_expected_version, "stories_make_sense"),
        (offsets_before_work, "asks_answered"),
        (cursor_before_publish, "committed_is_published"),
        (lease_not_compared, "fenced_write_nothing"),
        (given_away_and_kept, "fenced_write_nothing"),
        (successors_pass, "poison_set_aside"),
        (cursor_past_large, "committed_is_published"),
        (large_overtaken, "first_seen_in_order"),
        (results_sent_once, "drained"),
        (refusals_forgotten, "asks_answered"),
        (sources_mixed_up, "asks_answered"),
        (control_from_now_on, "nothing_begun_in_vain"),
        (held_until_something_else_happens, "held_until_lifted"),
        (held_for_ever, "drained"),
        (folded_by_two, "projections_are_folds"),
        (undone_at_each_cause, "undone_once"),
    ],
)
def test_some_seed_finds_it(
    mutate: Callable[[pytest.MonkeyPatch], None], found_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)
    assert any(_finds(seed, found_by) for seed in SEEDS)


def _finds(seed: int, found_by: str) -> bool:
    try:
        return any(wrong.startswith(found_by) for wrong in check(run_simulation(seed)))
    except TimeoutError:
        return found_by == "drained"
