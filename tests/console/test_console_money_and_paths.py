"""Budgets and paths: what is left, what is set aside, the ledger; how far a path is trusted, on which evidence. By keyboard."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from queuebit_contracts.paths import PathFrozen
from queuebit_store.budgets.port import Budget
from tests.console.conftest import Open
from tests.contract.http.served import Served
from tests.contract.store.charges import ACME_ID, TOTAL, charging
from tests.unit.paths.measured_jobs import PATH_ID, a_registration, append_to_path

THEMES = ("light", "dark")


@pytest.mark.parametrize("theme", THEMES)
async def test_a_budget_tells_what_is_left_and_every_line_of_its_ledger(
    a_page: Open, served: Served, theme: Any
) -> None:
    store, now = served.world.store, served.world.clock.now()
    for budget in (TOTAL, Budget("acme/web", "experiment", "EUR", "month", Decimal(30))):
        await store.grant(budget, now, actor="ann", reason="the year")
    assert await store.append([charging(1, {"RESERVE": "40"}, [ACME_ID])]) == [True]
    assert await store.append([charging(1, {"SETTLE": "40", "OVERRUN": "5"}, [ACME_ID], expected=1)]) == [True]
    assert await store.append([charging(2, {"RESERVE": "10"}, [ACME_ID])]) == [True]
    async with a_page(theme) as page:
        await page.sign_in(served.key)
        press = page.page.keyboard.press
        await page.jump("m")
        await page.has("acme/web")
        await page.has("55.0 %")
        assert await page.violations() == []
        await page.picture("budgets")

        await press("j")
        await press("Enter")
        await page.has("Set aside now")
        await page.has("overrun")
        await page.has("5 lines shown, that is all.")
        await page.has("45 USD")
        assert await page.violations() == []
        await page.picture("budget")


async def test_where_nothing_bounds_what_is_spent_that_is_said(a_page: Open, served: Served) -> None:
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go("budgets")
        await page.has("Nothing bounds what you spend at providers")
        assert await page.violations() == []


@pytest.mark.parametrize("theme", THEMES)
async def test_a_path_tells_how_far_it_is_trusted_and_what_its_gate_lacks(
    a_page: Open, served: Served, theme: Any
) -> None:
    frozen = PathFrozen(actor="sre", reason="odd answers")
    await append_to_path(served.world.store, served.world.clock.now(), a_registration(), frozen)
    async with a_page(theme) as page:
        await page.sign_in(await served.world.key("ops", "operator"))
        press = page.page.keyboard.press
        await page.jump("h")
        await page.has("maxcut/xs/interactive@0123456789abcdef")
        await page.has("shadow, frozen")
        assert await page.violations() == []
        await page.picture("paths")

        await press("j")
        await press("Enter")
        await page.has("Nothing goes to it.")
        assert page.page.url.endswith(f"#/paths/{PATH_ID}")
        await page.page.locator("rect.fill-accent").first.wait_for()
        for summary in await page.page.locator("summary").all():
            await summary.click()
        await page.has("superior to placebo")
        assert await page.violations() == []
        await page.picture("path")


async def test_who_is_no_operator_sees_no_path(a_page: Open, served: Served) -> None:
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go("paths")
        await page.has("The role submitter does not allow operator:read.")
        assert [text for text in page.complaints if "403" not in text] == []
        page.complaints.clear()
