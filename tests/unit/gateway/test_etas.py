"""When a job is expected to end: from the tenant's own jobs alone, and compared with what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from queuebit_gateway.read_model.etas import Etas
from queuebit_gateway.read_model.models import JobView
from queuebit_gateway.read_model.waiting_view import EtaView, WaitingView
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_store.errors import StoreUnavailable
from queuebit_store.memory import Hooks, MemoryDatabase, MemoryStore
from tests.contract.store.builders import T0, a_head, an_append, an_id
from tests.fakes.clocks import StoppedClock
from tests.fakes.telemetry import Listener


def waiting(code: str = "queue") -> WaitingView:
    return WaitingView.model_validate({"code": code, "detail": "why"})


class _At:
    def __init__(self) -> None:
        self.clock = StoppedClock()
        self.hooks = Hooks()
        self.store = MemoryStore(MemoryDatabase(self.clock.monotonic_s), hooks=self.hooks)
        self.telemetry = Listener()
        self.etas = Etas(self.store, self.clock, self.telemetry)
        self.nth = 0

    async def ended(self, count: int, took_s: float, tenant: str = "acme") -> None:
        """So many jobs that ended, one after another."""
        for _ in range(count):
            self.nth += 1
            began = self.clock.now()
            await self._put(self.nth, tenant, "queued", began.timestamp())
            self.clock.moment = began + timedelta(seconds=took_s)
            await self._put(self.nth, tenant, "completed", self.clock.now().timestamp(), expected=1)

    async def open(self, tenant: str = "acme") -> JobView:
        self.nth += 1
        now = self.clock.now()
        await self._put(self.nth, tenant, "queued", now.timestamp())
        return self.view(an_id(self.nth), tenant)

    def view(self, job_id: UUID, tenant: str = "acme", state: str = "queued", **changes: object) -> JobView:
        now = self.clock.now()
        return JobView.model_validate(
            {
                "id": job_id, "tenant": tenant, "state": state, "kind": "maxcut", "tier": "batch", "lane": "classical",
                "created_at": now, "updated_at": now, "version": 1,
                "waiting": waiting() if state == "queued" else None, **changes,
            }
        )  # fmt: skip

    async def waits(self, **about: str) -> JobView:
        """A job that is held back, with what its head says of that."""
        self.nth += 1
        self.clock.moment += timedelta(milliseconds=1)
        await self._put(self.nth, "acme", "held", self.clock.now().timestamp(), about=about)
        return self.view(an_id(self.nth))

    async def _put(
        self, nth: int, tenant: str, state: str, at_s: float, expected: int = 0, about: Mapping[str, str] | None = None
    ) -> None:
        head = a_head(state)
        head = head._replace(attributes={**head.attributes, **(about or {})})
        append = an_append(nth, head=head, tenant=tenant, expected=expected, seconds=at_s - T0.timestamp())
        assert await self.store.append([append]) == [True]


async def test_a_job_that_waits_is_told_when_it_is_expected_to_end() -> None:
    at = _At()
    await at.ended(40, 2.0)
    first = await at.open()
    at.clock.moment = at.clock.moment + timedelta(milliseconds=1)
    second = await at.open()
    told = [(await at.etas.with_eta(each)).eta for each in (first, second)]

    assert told[0] == EtaView(as_of=at.clock.now(), p50_s=2.0, p90_s=2.0, basis="state", count=40)
    assert told[1] is not None
    assert 3.8 <= (told[1].p50_s or 0) <= 4.2


async def test_of_another_tenants_jobs_nothing_is_learnt() -> None:
    at = _At()
    await at.ended(40, 2.0, "globex")
    view = await at.etas.with_eta(await at.open("acme"))

    assert view.eta == EtaView(as_of=at.clock.now(), unknown="no_history")


async def test_what_a_person_holds_up_has_no_end_that_is_known() -> None:
    at = _At()
    await at.ended(40, 2.0)
    view = await at.open()
    told = [await at.etas.with_eta(view.model_copy(update={"waiting": waiting(code)})) for code in ("hold", "approval")]

    assert [each.eta and each.eta.unknown for each in told] == ["hold", "approval"]


async def test_a_job_is_shown_where_nothing_can_be_read_of_those_before() -> None:
    at = _At()
    view = await at.open()

    async def refuse(name: str) -> None:
        if name == "list_heads":
            raise StoreUnavailable("away")

    at.hooks.before = refuse

    assert (await at.etas.with_eta(view)).eta == EtaView(as_of=at.clock.now(), unknown="no_history")


async def test_what_was_told_first_is_compared_with_the_end_once() -> None:
    at = _At()
    await at.ended(40, 2.0)
    good, late, gone = await at.open(), await at.open(), await at.open()
    for each in (good, late, gone):
        await at.etas.with_eta(each)
    at.clock.moment = at.clock.moment + timedelta(seconds=1)
    await at.etas.with_eta(at.view(good.id, state="completed"))
    await at.etas.with_eta(at.view(gone.id, state="cancelled"))
    at.clock.moment = at.clock.moment + timedelta(seconds=60)
    for _ in range(2):
        await at.etas.with_eta(at.view(late.id, state="completed"))

    assert at.telemetry.counts == {(Metric.ETA_SCORED, ("yes",)): 1, (Metric.ETA_SCORED, ("no",)): 1}


async def told(at: _At, view: JobView) -> float:
    eta = (await at.etas.with_eta(view)).eta
    assert eta is not None
    assert eta.p50_s is not None
    return eta.p50_s


async def test_who_goes_first_has_only_those_ahead_that_are_out_or_have_its_priority() -> None:
    """Given one that is out, two that wait and a late one of priority 5: that one has one ahead, the first has two."""
    at = _At()
    await at.ended(40, 2.0)
    await at.open()
    first, second = await at.waits(waits="classical/batch"), await at.waits(waits="classical/batch")
    late = await at.waits(waits="classical/batch/+5", waits_s="2")

    assert [round(await told(at, each)) for each in (late, first, second)] == [4, 6, 8]


async def test_what_waits_for_a_moment_ends_behind_it_and_is_ahead_of_nobody_before() -> None:
    at = _At()
    await at.ended(40, 2.0)
    until = at.clock.now() + timedelta(hours=1)
    early = await at.waits(until=until.isoformat(), begins=until.isoformat())
    later = await at.waits(until=until.isoformat(), begins=until.isoformat())
    now = await at.open()
    for_it = {"code": "window", "detail": "why", "until": until}
    waits = [each.model_copy(update={"waiting": WaitingView.model_validate(for_it)}) for each in (early, later)]

    assert [round(await told(at, each)) for each in (*waits, now)] == [3602, 3604, 2]


async def test_how_long_a_job_took_that_waited_for_a_moment_counts_from_that_moment() -> None:
    at = _At()
    for _ in range(20):
        at.nth += 1
        asked = at.clock.now()
        begins = {"begins": (asked + timedelta(hours=1)).isoformat()}
        await at._put(at.nth, "acme", "held", asked.timestamp(), about=begins)
        at.clock.moment = asked + timedelta(hours=1, seconds=2)
        await at._put(at.nth, "acme", "completed", at.clock.now().timestamp(), expected=1, about=begins)

    assert round(await told(at, await at.open())) == 2


async def test_a_job_that_another_leg_answers_before_the_moment_took_as_long_as_that() -> None:
    """Given a leg that waits for the night, and one beside it that answers in two seconds, then none took no time."""
    at = _At()
    for _ in range(20):
        at.nth += 1
        asked = at.clock.now()
        begins = {"begins": (asked + timedelta(hours=8)).isoformat()}
        await at._put(at.nth, "acme", "held", asked.timestamp(), about=begins)
        at.clock.moment = asked + timedelta(seconds=2)
        await at._put(at.nth, "acme", "completed", at.clock.now().timestamp(), expected=1, about=begins)

    assert round(await told(at, await at.open())) == 2
