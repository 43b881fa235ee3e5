"""Money and events go together: what decisions find in the budgets, what their appends write, and who settles the rest."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from queuebit_contracts.backends import BackendCapabilities
from queuebit_contracts.events import BackendStatusReported, LateUsageReported
from queuebit_contracts.ids import attempt_id_of, uuid7
from queuebit_contracts.jobs import Cost, Ran, Usage
from queuebit_control_plane.handler import CommandHandler
from queuebit_control_plane.inbound.planning import Asked
from queuebit_control_plane.money.facts import BudgetFacts
from queuebit_control_plane.money.settler import GRACE_S, Settler
from queuebit_control_plane.money.treasurer import Treasurer
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.job.messages import Cancel, Message
from queuebit_domain.policy.facts import FACTS
from queuebit_store.budgets.port import Budget, PriceRow
from queuebit_store.leadership.port import Lease
from queuebit_store.memory import MemoryStore
from tests.builders import NOW, a_failure, a_request, a_submit, a_success, a_verdict
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.handling import a_command, names
from tests.unit.control_plane.planned import PRIMARY, submitted

LEG = "primary-quantum"
TOTAL = Budget("acme", "production", "USD", "total", Decimal(4))
PRICE = PriceRow("qpu", "USD", Decimal("0.30"), Decimal("0.001"), Decimal(0))
"""One attempt is expected to cost 1.324 at most."""


def job(number: int) -> UUID:
    return uuid7(int(NOW.timestamp() * 1000), number)


class Leads:
    lease = Lease("relay", "me", 1, 3.0)


@dataclass
class Plane:
    store: MemoryStore
    clock: StoppedClock
    handler: CommandHandler
    settler: Settler

    async def tell(self, *told: tuple[int, Message]) -> None:
        undecidable = await self.handler.handle([a_command(message, job(number)) for number, message in told])
        assert undecidable == []

    async def submit(self, *numbers: int) -> None:
        await self.tell(*((number, a_submit("quantum", job(number), quantum_available=True)) for number in numbers))

    def wait(self, seconds: float) -> None:
        self.clock.moment += timedelta(seconds=seconds)

    async def left(self) -> tuple[str, str, str]:
        (row,) = await self.store.accounts()
        assert row.limit == row.left + row.reserved + row.posted
        return f"{row.left:f}", f"{row.reserved:f}", f"{row.posted:f}"


async def a_plane(limit: int | None = 4, store: MemoryStore | None = None) -> Plane:
    store, clock, lanes = store or MemoryStore(), StoppedClock(), Lanes()
    can = BackendCapabilities(
        shots_max=1,
        circuits_max=1,
        noise="",
        exact=False,
        estimates=True,
        repeats=False,
        annealer=False,
        recovery="token",
        lag_s=1,
    )
    lanes.report(BackendStatusReported(backend="qpu", lane="quantum", available=True, capabilities=can), NOW)
    if limit is not None:
        budget = Budget("acme", "production", "USD", "total", Decimal(limit))
        await store.grant(budget, NOW, actor="ann", reason="the year")
    await store.set_price(PRICE)
    handler = CommandHandler(store, clock, appended=lambda: None, treasurer=Treasurer(store, lanes, clock))
    return Plane(store, clock, handler, Settler(store, handler, Leads(), clock))


def answered(number: int, amount: str) -> Message:
    ran = Ran(lane="quantum", method="qaoa", backend="qpu")
    return a_success(LEG, attempt_id=attempt_id_of(job(number), LEG, 1), ran=ran, cost=Cost(amount=amount))


async def test_a_policy_may_ask_what_is_left() -> None:
    """Given budgets of a tenant, of one of its projects and in another currency, then the least that binds the job is told."""
    store, clock, lanes = MemoryStore(), StoppedClock(), Lanes()
    for name, amount, currency in (
        ("acme", "9", "USD"),
        ("acme/web", "2.5", "USD"),
        ("globex", "1", "USD"),
        ("globex", "1", "EUR"),
    ):
        await store.grant(
            Budget(name, "production", currency, "total", Decimal(amount)), NOW, actor="ann", reason="why"
        )
    source = BudgetFacts(Treasurer(store, lanes, clock))
    asked = [
        Asked(a_request(), "f"),
        Asked(a_request(labels={"project": "web"}), "f"),
        Asked(a_request(tenant="globex"), "f"),
        Asked(a_request(tenant="umbrella"), "f"),
    ]

    told = await source.facts(asked, source.names, NOW)

    assert told == [{"budget_left_micros": 9_000_000}, {"budget_left_micros": 2_500_000}, {}, {}]
    assert source.names <= set(FACTS)


async def test_jobs_of_one_batch_share_what_is_left_in_their_order() -> None:
    plane = await a_plane()

    await plane.submit(1, 2, 3, 4)

    assert await plane.left() == ("0.028", "3.972", "0")
    assert [await names(plane.store, job(nth)) for nth in (3, 4)] == [
        ["JobSubmitted", "JobPlanned", "BudgetReserved", "JobQueued"],
        ["JobSubmitted", "JobPlanned", "BudgetExhausted", "FallbackTaken", "JobQueued"],
    ]


async def test_who_was_overtaken_by_another_process_looks_again_and_goes_on_without() -> None:
    one = await a_plane(limit=2)
    other = await a_plane(limit=None, store=one.store)
    await other.submit(9)
    await one.submit(1)
    assert await one.left() == ("0.676", "1.324", "0")

    await other.submit(2)

    assert (await names(one.store, job(1)))[2] == "BudgetExhausted"
    assert (await names(one.store, job(2)))[2] == "BudgetExhausted"


async def test_what_it_cost_is_booked_with_the_event_that_says_so() -> None:
    plane = await a_plane()
    await plane.submit(1)
    await plane.tell((1, answered(1, "0.5")))

    assert await plane.left() == ("3.500", "0.000", "0.5")
    assert "BudgetSettled" in await names(plane.store, job(1))


async def test_where_nobody_has_a_budget_nothing_is_asked_or_said_of_money() -> None:
    plane = await a_plane(limit=None)
    await plane.store.drop_price("qpu")

    await plane.submit(1)

    assert await names(plane.store, job(1)) == ["JobSubmitted", "JobPlanned", "JobQueued"]


async def test_money_of_a_job_that_was_cancelled_stays_until_nobody_can_begin_it() -> None:
    plane = await a_plane()
    await plane.submit(1)
    await plane.tell((1, Cancel("acme", "alice", "")))
    plane.wait(GRACE_S + 1)
    assert await plane.settler.step() == 0

    plane.wait(600)
    assert await plane.settler.step() == 1

    assert await plane.left() == ("4.000", "0.000", "0")
    assert await plane.store.open_reservations() == []


async def test_what_was_set_aside_is_settled_in_the_books_too_when_nobody_has_a_budget_any_more() -> None:
    plane = await a_plane()
    await plane.submit(1)
    assert await plane.store.end_budget(TOTAL)
    await plane.store.drop_price("qpu")
    plane.wait(10)

    await plane.tell((1, answered(1, "0.5")))

    assert await plane.left() == ("3.500", "0.000", "0.5")
    assert await plane.store.open_reservations() == []


async def test_many_that_live_hide_none_that_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("queuebit_control_plane.money.settler.PAGE", 1)
    plane = await a_plane()
    await plane.submit(1, 2)
    held = await plane.store.open_reservations()
    last = next(nth for nth in (1, 2) if job(nth) == held[-1].stream_id)
    await plane.tell((last, Cancel("acme", "alice", "")))
    plane.wait(1000)

    assert [await plane.settler.step() for _ in range(3)] == [0, 1, 0]
    assert [each.stream_id for each in await plane.store.open_reservations()] == [job(3 - last)]


STEPS = st.lists(
    st.tuples(
        st.integers(0, 4), st.sampled_from(["submit", "answer", "dear", "cancel", "settle", "crash"]), st.booleans()
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@examples(steps=STEPS)
def test_the_books_hold_whatever_happens_in_whatever_order(steps: list[tuple[int, str, bool]]) -> None:
    asyncio.run(_anything(steps))


async def _anything(steps: list[tuple[int, str, bool]]) -> None:
    planes = [await a_plane()]
    planes.append(await a_plane(limit=None, store=planes[0].store))
    for number, what, second in steps:
        plane = planes[second]
        match what:
            case "submit":
                await plane.submit(number)
            case "answer":
                await plane.tell((number, answered(number, "0.7")))
            case "dear":
                await plane.tell((number, answered(number, "5")))
            case "cancel":
                await plane.tell((number, Cancel("acme", "alice", "")))
            case "settle":
                for each in planes:
                    each.wait(1000)
                await plane.settler.step()
            case _:
                planes[second] = await a_plane(limit=None, store=plane.store)
        await plane.left()
    store = planes[0].store
    (row,) = await store.accounts()
    entries = await store.entries(limit=10_000)
    sums = {
        kind: sum(each.amount for each in entries if each.kind == kind)
        for kind in ("RESERVE", "SETTLE", "RELEASE", "OVERRUN")
    }
    held = sum(each.amount for each in await store.open_reservations())
    assert row.reserved == held == sums["RESERVE"] - sums["SETTLE"] - sums["RELEASE"]
    assert row.posted == sums["SETTLE"] + sums["OVERRUN"]
    said = [name for nth in range(5) for name in await names(store, job(nth))]
    assert said.count("BudgetReserved") == sum(each.kind == "RESERVE" for each in entries)
    assert said.count("BudgetSettled") == sum(each.kind == "SETTLE" for each in entries)


@pytest.mark.parametrize("jobs", [1, 50])
async def test_a_batch_that_is_paid_for_costs_one_statement_more_and_no_other_any(jobs: int) -> None:
    asked: list[str] = []
    plane = await a_plane(limit=1000)
    original = plane.store.budgets_of

    async def counted(*arguments: object) -> object:
        asked.append("budgets_of")
        return await original(*arguments)  # type: ignore[arg-type]

    plane.store.budgets_of = counted  # type: ignore[method-assign, assignment]
    await plane.tell(*((number, a_submit("classical", job(number))) for number in range(jobs)))
    assert asked == []

    await plane.submit(*range(100, 100 + jobs))
    assert asked == ["budgets_of"]


async def test_money_of_a_leg_that_would_be_tried_again_behind_the_deadline_of_its_ended_job_is_released() -> None:
    upgrade = {"role": "baseline", "lane": "quantum", "after_end": "improve"}
    leg, classical = "baseline-quantum", "primary-classical"
    plane = await a_plane()
    await plane.tell((1, submitted(PRIMARY, upgrade, job_id=job(1))))
    ours, theirs = attempt_id_of(job(1), classical, 1), attempt_id_of(job(1), leg, 1)
    await plane.tell(
        (1, a_success(classical, attempt_id=ours)),
        (1, a_verdict(classical, attempt_id=ours)),
        (1, a_failure(leg, attempt_id=theirs, code="backend_overloaded", retry_after_s=700.0)),
    )
    set_aside = await plane.left()
    plane.wait(2_000)
    settled = await plane.settler.step()

    assert set_aside == ("2.676", "1.324", "0")
    assert (settled, await plane.left()) == (1, ("4.000", "0.000", "0"))


async def test_what_was_used_late_is_priced_also_where_no_money_is_set_aside_any_more() -> None:
    """Given a tenant without a budget, whose job was withdrawn, then what attempt and provider tell late has a price."""
    plane = await a_plane(limit=None)
    await plane.submit(1)
    await plane.tell((1, Cancel("acme", "alice", "")))
    attempt_id, used = attempt_id_of(job(1), LEG, 1), Usage(shots=1000)
    ran = Ran(lane="quantum", method="qaoa", backend="qpu")
    await plane.tell((1, a_success(LEG, attempt_id=attempt_id, ran=ran, usage=used)))
    told = {"report_id": UUID(int=1), "attempt_id": attempt_id, "leg": LEG, "came": "usage", "backend": "qpu"}
    await plane.tell((1, LateUsageReported.model_validate({**told, "usage": used})))

    stored = await plane.store.events_of(job(1))
    late = [LateUsageReported.model_validate_json(each.data) for each in stored if each.type == "LateUsageReported"]
    assert [(each.cost.amount, each.cost.currency) for each in late] == [("1.300", "USD")] * 2
