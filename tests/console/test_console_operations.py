"""A bulk operation from the console: chosen, frozen, looked at, let act with a reason, watched, cancelled; by keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from queuebit_runtime.waiting import end_task
from tests.console.conftest import Open
from tests.contract.http.served import Served
from tests.contract.http.told_operators import a_worker, states, waiting


@asynccontextmanager
async def working(served: Served) -> AsyncIterator[None]:
    """Somebody carries on what is started, as beside a gateway."""
    worker = a_worker(served.world)

    async def work() -> None:
        while True:
            await worker.step()
            await asyncio.sleep(0.05)

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        await end_task(task)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_what_is_frozen_is_run_with_a_reason_and_watched_to_its_end(
    a_page: Open, served: Served, theme: Any
) -> None:
    ids = await waiting(served.world, 3)
    async with working(served), a_page(theme) as page:
        await page.sign_in(await served.world.key("ops", "operator"))
        press, type_ = page.page.keyboard.press, page.page.keyboard.type
        await page.jump("p")
        await page.has("Freeze and count")
        await press("/")
        assert await page.page.evaluate("document.activeElement.name") == "verb"
        await press("Tab")
        await type_("acme")
        await press("Tab")
        # The list of states takes letters that come slowly for one choice each.
        await type_("q")
        assert await page.page.get_by_label("In state").input_value() == "queued"
        await page.page.get_by_role("button", name="Freeze and count").focus()
        await press("Enter")

        await page.has("All of it:")
        late = await waiting(served.world, 1)
        assert await states(served.world, ids) == ["queued"] * 3, "nothing is done before a person says so"
        assert await page.violations() == []
        await page.picture("operation-frozen")

        await page.page.get_by_role("button", name="Run ").focus()
        await press("Enter")
        await page.has("exactly those that were frozen")
        assert await page.violations() == []
        await page.page.get_by_label("Reason, for the record").focus()
        await type_("A bad release.")
        await press("Enter")

        await page.has("3 of 3 dealt with")
        await page.has("A bad release.")
        assert await states(served.world, [*ids, *late]) == ["cancelled"] * 3 + ["queued"]
        await page.page.locator(".badge", has_text="done").wait_for()
        assert await page.violations() == []
        await page.picture("operation-done")


async def test_one_that_was_frozen_is_cancelled_with_a_reason(a_page: Open, served: Served) -> None:
    ids = await waiting(served.world, 2)
    key = await served.world.key("ops", "operator")
    frozen = await served.world.http.post(
        "/v1/operations", json={"verb": "jobs cancel", "jobs": ids}, headers={"Authorization": f"Bearer {key}"}
    )
    async with working(served), a_page() as page:
        await page.sign_in(key)
        await page.go("operations")
        await page.page.get_by_role("button", name="Cancel ").focus()
        await page.page.keyboard.press("Enter")
        await page.has("It stops at its next step")
        await page.page.get_by_label("Reason, for the record").fill("The wrong tenant.")
        await page.page.locator("dialog[open]").get_by_role("button", name="Cancel operation").click()

        await page.page.locator(".badge", has_text="cancelled").wait_for()
        await page.has("It stopped: The wrong tenant.")
        head = (await served.world.store.heads([UUID(frozen.json()["id"])])).popitem()[1].head
        assert (head.state, await states(served.world, ids)) == ("cancelled", ["queued", "queued"])


async def test_who_is_no_operator_is_told_so(a_page: Open, served: Served) -> None:
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go("operations")
        await page.page.get_by_label("Tenant").fill("acme")
        await page.page.get_by_role("button", name="Freeze and count").click()
        await page.has("The role submitter does not allow operator:write.")
        assert [text for text in page.complaints if "403" not in text] == []
        page.complaints.clear()
