"""The ledger of budgets: what is written by the append that says so, and what its accounts add up to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from queuebit_store.budgets.port import AccountRow, Budget, PriceRow
from queuebit_store.submissions.port import NewSubmission
from tests.contract.store.builders import an_append, an_id
from tests.contract.store.charges import ACME_ID, LEG, TOTAL, charging
from tests.contract.store.conftest import OpenSession

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
WEB = Budget("acme/web", "production", "USD", "month", Decimal(30))
WEB_ID = WEB.account_at(NOW)
RACES = 1_000
"""So many want the last money at once: ten times as much as there is."""


async def granted(store: Any, *budgets: Budget) -> None:
    for budget in budgets:
        await store.grant(budget, NOW, actor="ann", reason="the year")


def figures(rows: Sequence[AccountRow]) -> dict[str, tuple[str, str, str]]:
    """What is left, set aside and spent, by account."""
    return {each.account: (f"{each.left:f}", f"{each.reserved:f}", f"{each.posted:f}") for each in rows}


async def test_a_budget_opens_an_account_in_each_window(store: Any) -> None:
    assert not await store.has_budgets()
    account = await store.grant(WEB, NOW, actor="ann", reason="the year")

    assert account == AccountRow(
        "acme/web production USD 2026-03",
        "acme/web",
        "production",
        "USD",
        "2026-03",
        APRIL,
        *(Decimal(30), Decimal(0), Decimal(0)),
    )
    assert await store.has_budgets()
    assert await store.budgets_of(["acme"], NOW) == [account]
    (later,) = await store.budgets_of(["acme"], APRIL)
    assert (later.account, later.left) == ("acme/web production USD 2026-04", Decimal(30))
    assert [each.window for each in await store.accounts("acme")] == ["2026-03", "2026-04"]
    assert await store.budgets_of(["globex"], NOW) == []


async def test_a_grant_changes_the_present_window_by_the_difference(store: Any) -> None:
    await granted(store, TOTAL, replace(TOTAL, limit=Decimal(120)), replace(TOTAL, limit=Decimal(120)))

    assert figures(await store.accounts()) == {ACME_ID: ("120", "0", "0")}
    entries = await store.entries("acme")
    assert [(each.kind, each.amount, each.actor, each.reason) for each in entries] == [
        ("GRANT", Decimal(100), "ann", "the year"),
        ("GRANT", Decimal(20), "ann", "the year"),
    ]


async def test_a_budget_that_ended_bounds_nobody_and_its_books_stay(store: Any) -> None:
    await granted(store, TOTAL)

    assert (await store.end_budget(TOTAL), await store.end_budget(TOTAL)) == (True, False)
    assert await store.budgets_of(["acme"], NOW) == []
    assert [each.account for each in await store.accounts()] == [ACME_ID]


async def test_an_append_sets_money_aside_in_every_account_and_settles_it(store: Any) -> None:
    await granted(store, TOTAL, WEB)
    both = (ACME_ID, WEB_ID)

    assert await store.append([charging(1, {"RESERVE": "12.5"}, both)]) == [True]
    assert figures(await store.accounts()) == {ACME_ID: ("87.5", "12.5", "0"), WEB_ID: ("17.5", "12.5", "0")}
    (held,) = await store.open_reservations("acme")
    assert (held.stream_id, held.leg, held.amount, held.accounts) == (an_id(1), LEG, Decimal("12.5"), both)
    assert await store.append([charging(1, {"SETTLE": "4", "RELEASE": "8.5"}, both, expected=1)]) == [True]

    assert figures(await store.accounts()) == {ACME_ID: ("96.0", "0.0", "4"), WEB_ID: ("26.0", "0.0", "4")}
    assert await store.open_reservations() == []
    assert [each.kind for each in await store.entries("acme") if each.account == WEB_ID] == [
        "GRANT",
        "RESERVE",
        "SETTLE",
        "RELEASE",
    ]


async def test_what_one_account_has_not_left_is_taken_from_none_and_nothing_happened(store: Any) -> None:
    await granted(store, TOTAL, WEB)

    passed = await store.append([an_append(2), charging(1, {"RESERVE": "31"}, (ACME_ID, WEB_ID))])

    assert passed == [True, False]
    assert figures(await store.accounts()) == {ACME_ID: ("100", "0", "0"), WEB_ID: ("30", "0", "0")}
    assert await store.load([an_id(1)]) == {}
    assert await store.open_reservations() == []


async def test_an_account_that_nobody_opened_gives_nothing(store: Any) -> None:
    assert await store.append([charging(1, {"RESERVE": "1"})]) == [False]


async def test_a_batch_that_wants_more_than_there_is_gets_none_of_it(store: Any) -> None:
    await granted(store, TOTAL)

    wanted = [charging(1, {"RESERVE": "60"}), charging(2, {"RESERVE": "60"}), an_append(3)]

    assert await store.append(wanted) == [False, False, True]
    assert await store.append(wanted[:1]) == [True]


async def test_what_does_not_stand_where_it_was_expected_charges_nobody(store: Any) -> None:
    await granted(store, TOTAL)
    await store.append([charging(1, {"RESERVE": "10"})])

    assert await store.append([charging(1, {"RESERVE": "10"}, number=2)]) == [False]
    assert figures(await store.accounts()) == {ACME_ID: ("90", "10", "0")}


async def test_more_than_was_set_aside_is_booked_below_zero_and_then_nothing_is_left(store: Any) -> None:
    await granted(store, TOTAL)
    await store.append([charging(1, {"RESERVE": "100"})])
    await store.append([charging(1, {"SETTLE": "100", "OVERRUN": "7"}, expected=1)])

    assert figures(await store.accounts()) == {ACME_ID: ("-7", "0", "107")}
    assert await store.append([charging(2, {"RESERVE": "0.01"})]) == [False]


async def test_a_threshold_is_told_once_a_window_and_again_after_a_grant(store: Any) -> None:
    await granted(store, TOTAL)
    await store.append([charging(1, {"RESERVE": "85"})])

    assert [(each.account, each.told) for each in await store.tell_thresholds([50, 80, 100])] == [(ACME_ID, 80)]
    assert await store.tell_thresholds([50, 80, 100]) == []
    await granted(store, replace(TOTAL, limit=Decimal(85)))
    assert [each.told for each in await store.tell_thresholds([50, 80, 100])] == [100]


async def test_what_lives_at_a_provider_is_not_told_as_over(store: Any) -> None:
    live, nothing = an_id(50), an_id(51)
    await store.intend(NewSubmission(an_id(60), an_id(61), 0, "qpu", b"{}", "h", live))

    assert await store.sent_for([live, nothing]) == {nothing: False}


async def test_prices_are_written_down_and_forgotten(store: Any) -> None:
    price = PriceRow("qpu", "USD", Decimal("0.3"), Decimal("0.00035"), Decimal(0), "ann")
    await store.set_price(replace(price, currency="EUR"))
    await store.set_price(price)

    assert await store.prices() == [price]
    assert (await store.drop_price("qpu"), await store.drop_price("qpu"), await store.prices()) == (True, False, [])


async def test_many_that_race_for_the_last_money_never_take_more_than_there_is(open_session: OpenSession) -> None:
    stores: list[Any] = [await open_session() for _ in range(4)]
    await granted(stores[0], TOTAL, WEB)

    async def spend(nth: int) -> bool:
        store = stores[nth % len(stores)]
        accounts = (ACME_ID, WEB_ID) if nth % 2 else (ACME_ID,)
        return bool((await store.append([charging(nth, {"RESERVE": "1"}, accounts), an_append(10_000 + nth)]))[0])

    taken = await asyncio.gather(*(spend(nth) for nth in range(RACES)))

    rows = {each.account: each for each in await stores[0].accounts()}
    assert sum(taken) == rows[ACME_ID].reserved == 100
    assert rows[WEB_ID].reserved == sum(taken[1::2]) <= 30
    assert all(each.left >= 0 for each in rows.values())
    assert len(await stores[0].open_reservations()) == 100


async def test_a_window_that_opens_in_two_places_is_seen_in_both(open_session: OpenSession) -> None:
    stores: list[Any] = [await open_session() for _ in range(4)]
    await granted(stores[0], TOTAL, WEB)

    for day in range(20):
        now = APRIL + timedelta(days=40 * day)
        seen = await asyncio.gather(*(store.budgets_of(["acme"], now) for store in stores for _ in range(4)))
        assert {tuple(each.name for each in rows) for rows in seen} == {("acme", "acme/web")}


async def test_a_leg_that_is_settled_and_tried_again_at_once_has_its_new_money_set_aside(store: Any) -> None:
    await granted(store, TOTAL)
    await store.append([charging(1, {"RESERVE": "10"})])
    settled = charging(1, {"SETTLE": "1", "RELEASE": "9"}, expected=1)
    again = charging(1, {"RESERVE": "10"}, expected=1, number=2)

    assert await store.append([settled._replace(charges=settled.charges + again.charges)]) == [True]

    assert figures(await store.accounts()) == {ACME_ID: ("89", "10", "1")}
    assert [each.attempt_id for each in await store.open_reservations()] == [again.charges[0].attempt_id]


async def test_what_is_set_aside_is_read_page_by_page(store: Any) -> None:
    await granted(store, TOTAL)
    for nth in range(5):
        await store.append([charging(nth, {"RESERVE": "1"})])

    every = await store.open_reservations()
    first = await store.open_reservations(limit=2)
    assert first + await store.open_reservations("acme", after=first[-1]) == every
    assert len(every) == 5


async def test_budgets_are_read_without_opening_a_window(store: Any) -> None:
    """Given an account of March, then in April the budget stands whole, nothing is written, and March is over."""
    await granted(store, TOTAL, WEB)
    assert await store.append([charging(1, {"RESERVE": "10"}, [ACME_ID, WEB_ID])]) == [True]

    now, later = await store.standing("acme", NOW), await store.standing("acme", APRIL)

    assert now == await store.accounts("acme")
    assert figures(later) == {ACME_ID: ("90", "10", "0"), "acme/web production USD 2026-04": ("30", "0", "0")}
    assert [each.account for each in await store.accounts("acme")] == [ACME_ID, WEB_ID]
    assert [each.account for each in await store.past_accounts("acme", APRIL)] == [WEB_ID]
    assert (await store.past_accounts("acme", NOW), await store.standing("globex", NOW)) == ([], [])
    await store.end_budget(TOTAL)
    assert [each.account for each in await store.past_accounts("acme", APRIL)] == [ACME_ID, WEB_ID]


async def test_one_account_is_read_with_what_is_set_aside_and_booked_on_it(store: Any) -> None:
    await granted(store, TOTAL, WEB)
    assert await store.append([charging(1, {"RESERVE": "10"}, [ACME_ID, WEB_ID])]) == [True]
    assert await store.append([charging(2, {"RESERVE": "5"})]) == [True]

    every = await store.entries_of(ACME_ID)
    last = every[0]

    assert sorted((each.kind, each.amount) for each in every) == [
        ("GRANT", Decimal(100)), ("RESERVE", Decimal(5)), ("RESERVE", Decimal(10)),
    ]  # fmt: skip
    assert every == sorted(every, key=lambda each: (each.at, each.id), reverse=True)
    assert await store.entries_of(ACME_ID, before=(last.at, last.id), limit=1) == every[1:2]
    assert [each.stream_id for each in await store.holds_of(ACME_ID)] == [an_id(1), an_id(2)]
    assert [each.stream_id for each in await store.holds_of(WEB_ID)] == [an_id(1)]
    assert [each.amount for each in await store.holds_of(ACME_ID, limit=1)] == [Decimal(10)]
    assert (await store.account(WEB_ID)).left == Decimal(20)
    assert (await store.account("acme nothing"), await store.entries_of("acme nothing")) == (None, [])
