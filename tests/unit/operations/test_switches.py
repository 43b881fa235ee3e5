"""Kill switches: what is taken back, what providers are told, and what could not be stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from queuebit_contracts.ids import attempt_id_of, lineage_id_of, uuid7
from queuebit_contracts.operators import HoldPlaced
from queuebit_control_plane.handler import CommandHandler
from queuebit_control_plane.holding.gatekeeper import Gatekeeper
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.job.codec import fold
from queuebit_domain.job.label import label
from queuebit_operations.choosing.port import AnsweredBy, Standing, Surveyed
from queuebit_operations.errors import BadArgument, NotThere
from queuebit_operations.holding.register import HoldRegister
from queuebit_operations.killing.switch import Mode, Switches
from queuebit_store.backends.port import ReportedBackend
from queuebit_store.memory import MemoryStore
from queuebit_store.submissions.port import NewSubmission, SubmissionState
from tests.builders import NOW, a_start, a_submit
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.handling import a_command

BEGUN, WAITING, OTHER = (uuid7(int(NOW.timestamp() * 1000), number) for number in (1, 2, 3))
LEG = "primary-quantum"


class Everything:
    """Chooses every job that there is."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def standing(self, wanted: Standing) -> list[UUID]:
        heads = await self._store.walk_heads(limit=1000)
        return [row.stream_id for row in heads if wanted.tenant in (None, row.tenant)]

    async def answered(self, wanted: AnsweredBy) -> list[UUID]:
        raise AssertionError

    async def survey(self, since: object, until: object, every_s: float) -> Sequence[Surveyed]:
        raise AssertionError


async def a_world() -> tuple[MemoryStore, Switches, CommandHandler]:
    """Two jobs on the quantum lane, one of them begun and at its provider, and one on the classical lane."""
    store, clock = MemoryStore(), StoppedClock()
    for name, lane in (("ibm_a", "quantum"), ("aer", "simulator")):
        await store.keep_reports([ReportedBackend(name, NOW, {"lane": lane, "provider": "qiskit-ibm-runtime 0.4"})])
    handler = CommandHandler(
        store, clock, appended=lambda: None, gate=Gatekeeper(store, Lanes(), clock, stale_s=0).gate
    )
    for job_id in (BEGUN, WAITING):
        await handler.handle([a_command(a_submit("quantum", job_id, quantum_available=True), job_id)])
    await handler.handle([a_command(a_submit("classical", OTHER), OTHER)])
    started = a_start(LEG).model_copy(update={"attempt_id": attempt_id_of(BEGUN, LEG, 1)})
    await handler.handle([a_command(started, BEGUN)])
    await store.intend(NewSubmission(UUID(int=9), UUID(int=1), 0, "ibm_a", b"{}", "h", lineage_id_of(BEGUN, LEG)))
    row = await store.claim(UUID(int=9), "adapter", 60)
    assert row is not None
    following = replace(
        row, state=SubmissionState.FOLLOWING, provider_id="p", sent_at=NOW, due_at=NOW + timedelta(days=300)
    )
    assert await store.save_submission(following, "It is there.", release=True)
    return store, Switches(store, Everything(store), clock), handler  # type: ignore[arg-type]


async def states(store: MemoryStore) -> list[str]:
    return [label(fold((await store.load([job_id]))[job_id])) for job_id in (BEGUN, WAITING, OTHER)]


@pytest.mark.parametrize(
    ("mode", "recalled", "cancelling", "after"),
    [
        ("drain", 0, 0, ["running", "queued", "queued"]),
        ("stop", 1, 0, ["running", "held", "queued"]),
        ("cancel", 2, 1, ["held", "held", "queued"]),
    ],
)
async def test_each_mode_takes_back_what_it_says(mode: Mode, recalled: int, cancelling: int, after: list[str]) -> None:
    store, switches, handler = await a_world()

    thrown = await switches.throw(mode, {"lane": "quantum"}, actor="ann", reason="it burns money")

    assert (thrown.recalled, thrown.cancelling, thrown.backends) == (recalled, cancelling, ("ibm_a",))
    assert await states(store) == after
    assert await store.killed("ibm_a") == thrown.number
    new = uuid7(int(NOW.timestamp() * 1000), 4)
    await handler.handle([a_command(a_submit("quantum", new, quantum_available=True), new)])
    assert label(fold((await store.load([new]))[new])) == "held"


async def test_what_could_not_be_stopped_is_reported_until_its_provider_says_so() -> None:
    store, switches, _ = await a_world()
    thrown = await switches.throw("cancel", {"provider": "qiskit-ibm", "lane": None}, actor="ann", reason="it burns")

    found = await switches.report(thrown.number)
    assert ([each.provider_id for each in found.alive], found.alive[0].cancel_wanted, found.cancelled) == (
        ["p"],
        True,
        (),
    )
    row = await store.claim(UUID(int=9), "adapter", 60)
    assert row is not None
    await store.save_submission(replace(row, state=SubmissionState.CANCELLED, due_at=None), "Cancelled.", release=True)
    found = await switches.report(thrown.number)
    assert (found.alive, len(found.cancelled)) == ((), 1)


async def test_a_switch_on_one_of_two_backends_stops_nothing_of_the_other() -> None:
    store, switches, _ = await a_world()
    await store.keep_reports([ReportedBackend("ibm_b", NOW, {"lane": "quantum"})])

    thrown = await switches.throw("cancel", {"backend": "ibm_b"}, actor="ann", reason="it burns money")

    assert (thrown.recalled, thrown.cancelling, await states(store)) == (0, 0, ["running", "queued", "queued"])


async def test_what_is_lifted_flows_again_but_for_what_another_switch_stops() -> None:
    store, switches, _ = await a_world()
    one = await switches.throw("drain", {"lane": "quantum"}, actor="ann", reason="one")
    two = await switches.throw("drain", {"lane": "quantum"}, actor="bob", reason="two")
    assert one.holds == two.holds

    assert await switches.lift(one.number, actor="ann", reason="fine")
    again = await switches.throw("drain", {"tenant": "acme"}, actor="ann", reason="three")
    assert await store.killed("ibm_a") == two.number
    await switches.lift(again.number, actor="ann", reason="fine")
    assert await switches.lift(two.number, actor="bob", reason="fine")
    assert await store.killed("ibm_a") is None
    assert not await switches.lift(two.number, actor="bob", reason="fine")


async def test_a_hold_that_somebody_placed_before_is_not_lifted_with_the_switch() -> None:
    store, switches, _ = await a_world()
    register = HoldRegister(store, StoppedClock())
    doubt = HoldPlaced(why="quarantine", scope="backend", value="ibm_a", actor="eve", reason="its answers are odd")
    hold, _ = await register.place(doubt)

    thrown = await switches.throw("drain", {"backend": "ibm_a"}, actor="ann", reason="it burns money")
    await switches.lift(thrown.number, actor="ann", reason="fine")

    assert (await register.holds()).numbered(hold.number) == hold
    assert await store.killed("ibm_a") is None


async def test_a_switch_that_broke_off_is_thrown_again_and_lifted_whole() -> None:
    store, switches, _ = await a_world()
    register = HoldRegister(store, StoppedClock())
    left = HoldPlaced(why="pause", scope="backend", value="ibm_a", actor="ann", reason="it burns money")
    await register.place(left)

    thrown = await switches.throw("drain", {"backend": "ibm_a"}, actor="ann", reason="it burns money")
    await switches.lift(thrown.number, actor="ann", reason="fine")

    assert (await register.holds()).holds == ()


async def test_a_backend_that_a_switch_holds_can_be_quarantined_and_stays_so() -> None:
    store, switches, _ = await a_world()
    register = HoldRegister(store, StoppedClock())
    thrown = await switches.throw("drain", {"backend": "ibm_a"}, actor="ann", reason="it burns money")
    doubt = HoldPlaced(why="quarantine", scope="backend", value="ibm_a", actor="eve", reason="its answers are odd")

    hold, new = await register.place(doubt)
    await switches.lift(thrown.number, actor="ann", reason="fine")

    assert (new, hold.why) == (True, "quarantine")
    assert (await register.holds()).holds == (hold,)


async def test_what_cannot_be_meant_is_refused() -> None:
    _, switches, _ = await a_world()

    with pytest.raises(BadArgument, match="No backend of 'dwave' has reported"):
        await switches.throw("stop", {"provider": "dwave"}, actor="ann", reason="r")
    with pytest.raises(NotThere, match="There is no kill switch 7"):
        await switches.report(7)


@pytest.mark.parametrize("named", [{"tenant": "acme"}, {"kind": "maxcut"}, {"tier": "interactive"}])
@pytest.mark.parametrize("mode", ["stop", "cancel"])
async def test_what_names_no_backend_stops_what_the_adapter_has_already_with_kafka_down(
    named: dict[str, str | None], mode: Mode
) -> None:
    """Given two legs that the adapter has in its ledger, one of them unsent, then that one is not sent any more though nobody
    tells the adapter over Kafka; a leg of another tenant is.
    """
    store, switches, _ = await a_world()
    unsent = lineage_id_of(WAITING, LEG)
    await store.intend(NewSubmission(UUID(int=10), UUID(int=2), 0, "ibm_b", b"{}", "h", unsent))

    thrown = await switches.throw(mode, dict(named), actor="ann", reason="it burns money")

    assert thrown.backends == ()
    assert await store.killed("ibm_b", unsent) == thrown.number
    assert await store.killed("ibm_b", UUID(int=77)) is None
    (row,) = await store.submissions_of(unsent)
    (sent,) = await store.submissions_of(lineage_id_of(BEGUN, LEG))
    assert (row.cancel_wanted, sent.cancel_wanted) == (True, mode == "cancel")
    assert await switches.lift(thrown.number, actor="ann", reason="fine")
    assert await store.killed("ibm_b", unsent) is None
