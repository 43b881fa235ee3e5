"""Policies as tables and what two of them say differently; plans that wait, allowed and refused with what was shown."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from queuebit_contracts.envelope import Envelope
from queuebit_operations.policies.register import PolicyRegister
from tests.console.conftest import Open
from tests.console.told import awaited
from tests.contract.http.served import Served
from tests.unit.policy.policies import WHY, a_document, row

THEMES = ("light", "dark")


async def _decided(served: Served) -> list[Envelope]:
    """What was said, when it has come by."""
    for _ in range(1000):
        if served.world.plane.decisions:
            break
        await asyncio.sleep(0.01)
    return served.world.plane.decisions


@pytest.mark.parametrize("theme", THEMES)
async def test_every_version_is_a_table_and_two_are_compared(a_page: Open, served: Served, theme: Any) -> None:
    register = PolicyRegister(served.world.store, served.world.clock)
    small, large = row("small", qubits={"lt": 5}), row("large", "quantum", qubits={"ge": 50})
    await register.publish(a_document(small, large), **WHY)
    await register.publish(a_document(large, {**small, "reason": "Enumerated."}, row("new"), salt="s"), **WHY)
    await register.activate("frugal/1", **WHY)
    async with a_page(theme) as page:
        await page.sign_in(await served.world.key("ops", "operator"))
        press = page.page.keyboard.press
        await page.jump("r")
        await page.has("Jobs are planned by")
        assert await page.violations() == []
        await page.picture("policies")

        await press("j")
        await press("Enter")
        await page.has("As it was published")
        await page.has("≥ 50")
        assert page.page.url.endswith("#/policies/frugal/2")
        await page.page.locator("select option[value='frugal/1']").wait_for(state="attached")
        await press("/")
        await press("ArrowDown")
        await page.has("routing/new")
        assert page.page.url.endswith("?against=frugal%2F1")
        for summary in await page.page.locator("summary").all():
            await summary.click()
        assert await page.violations() == []
        await page.picture("policy-diff")


@pytest.mark.parametrize("theme", THEMES)
async def test_a_plan_that_waits_is_allowed_by_its_digest_with_a_reason(
    a_page: Open, served: Served, theme: Any
) -> None:
    job_id = await awaited(served.world, role="admin")
    async with a_page(theme) as page:
        await page.sign_in(await served.world.key("acme", "admin"))
        press = page.page.keyboard.press
        await page.jump("w")
        await page.has("6 qubits are dear.")
        await page.has("What runs if nobody decides")
        assert await page.violations() == []
        await page.picture("approvals")

        await page.page.get_by_role("button", name="Allow 0").focus()
        await press("Enter")
        await page.has("should the plan change meanwhile")
        assert await page.violations() == []
        await page.page.get_by_label("Reason, for the record").focus()
        await page.page.keyboard.type("It is worth it.")
        await press("Enter")

        await page.has("is on its way.")
        (said,) = await _decided(served)
        assert (said.job_id, said.data.digest, said.data.granted, said.data.reason) == (  # type: ignore[union-attr]
            job_id, "d" * 64, True, "It is worth it.",
        )  # fmt: skip


async def test_a_plan_is_refused_and_who_may_not_decide_has_no_button(a_page: Open, served: Served) -> None:
    await awaited(served.world, role="admin")
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go("approvals")
        await page.has("admin decide, and nobody about a job of their own")
        assert await page.page.get_by_role("button", name="Allow 0").count() == 0
        assert await page.violations() == []

        await page.page.get_by_role("button", name="Sign out").click()
        await page.sign_in(await served.world.key("acme", "admin"))
        await page.go("approvals")
        await page.page.get_by_role("button", name=re.compile("^Refuse ")).click()
        await page.page.get_by_label("Reason, for the record").fill("Too dear.")
        await page.page.locator("dialog[open]").get_by_role("button", name="Refuse it").click()

        await page.has("its job is being cancelled")
        (said,) = await _decided(served)
        assert (said.data.granted, said.data.reason) == (False, "Too dear.")  # type: ignore[union-attr]


async def test_where_nothing_waits_that_is_said(a_page: Open, served: Served) -> None:
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go("approvals")
        await page.has("No plan waits for a person")
        assert await page.violations() == []
