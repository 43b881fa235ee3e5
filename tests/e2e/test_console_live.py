"""The console before the real services: a job appears by itself, ends, and its page is whole; operators act on real jobs."""

from __future__ import annotations

from typing import Any

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_contracts.operators import HoldPlaced
from queuebit_devstack.credentials import TENANT, create_key
from queuebit_gateway.http.app import openapi_document
from queuebit_operations.holding.register import HoldRegister
from tests.console.browser import Watched, watched
from tests.console.conftest import browser
from tests.e2e.harness import Platform, clock

__all__ = ["browser"]

PATHS = set(openapi_document()["paths"])
BELL = 'OPENQASM 3.0; include "stdgates.inc"; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;'
SQUARE = {"metric": "EUC_2D", "coordinates": [[0, 0], [3, 4], [3, 0], [0, 4]]}
CHEST = {"capacity": 5, "weights": [2, 3, 4], "profits": [3, 4, 5]}


async def opened(page: Watched, place: str, job_id: Any) -> None:
    """Open the job by the line that came in by itself."""
    await page.page.locator(f"a[href='#/jobs/{job_id}']").first.click()
    await page.has(place)


async def test_a_job_appears_by_itself_ends_and_its_page_is_whole(queuebit: Platform, browser: Any) -> None:
    async with watched(browser, queuebit.url, PATHS) as page, AsyncQueuebit(queuebit.url, queuebit.api_key) as client:
        await page.sign_in(queuebit.api_key)
        await page.go("jobs")
        await page.has("live")

        job = await client.start({"kind": "tsp", "statement": SQUARE}, lane="classical")
        await opened(page, "Where the time went", job.id)
        ended = await job

        assert (ended.state, ended.verdict, ended.objective) == ("completed", "accepted", 14)
        await page.has("Answered by")
        await page.has("proved optimal")
        await page.page.locator(".panel[aria-label=Answer] path.way").wait_for(state="attached")
        await page.has("7 events of 7")
        await page.page.get_by_role("button", name="Job planned").click()
        await page.has('"policy_version"')
        for summary in await page.page.locator("summary").all():
            await summary.click()
        assert await page.violations() == []
        await page.picture("live-job")


async def test_a_circuit_that_ran_is_shown_as_asked_and_as_it_ran_with_what_was_kept(
    queuebit: Platform, browser: Any
) -> None:
    async with watched(browser, queuebit.url, PATHS) as page, AsyncQueuebit(queuebit.url, queuebit.api_key) as client:
        await page.sign_in(queuebit.api_key)
        asked = {"kind": "circuit_sampling", "statement": {"qasm": BELL, "shots": 500}}
        job = await client.start(asked, lane="simulator", params={"artifacts": True}, seed=7)
        ended = await job
        assert ended.state == "completed", ended.failure
        await page.go(f"jobs/{job.id}")
        await page.has("Kept beside the events")

        await page.page.get_by_text("The circuit as it ran").click()
        await page.page.locator("pre[aria-label='OpenQASM that ran']").wait_for()
        await page.page.get_by_role("button", name="List what is kept").click()
        await page.page.get_by_role("button", name="Show round-0/counts.json").click()
        await page.page.locator("pre[aria-label='round-0/counts.json']").wait_for()
        async with page.page.expect_download() as saved:
            await page.page.get_by_role("button", name="Save round-0/ran.qpy").click()
        assert (await saved.value).suggested_filename == "round-0-ran.qpy"
        assert await page.violations() == []
        await page.picture("live-circuit")


async def test_an_operator_cancels_what_is_held_from_the_console(queuebit: Platform, browser: Any) -> None:
    register = HoldRegister(queuebit.store, clock)
    hold, _ = await register.place(HoldPlaced(why="pause", scope="kind", value="knapsack", actor="t", reason="A test."))
    try:
        key = await create_key(queuebit.stack, {}, role="operator")
        async with (
            watched(browser, queuebit.url, PATHS) as page,
            AsyncQueuebit(queuebit.url, queuebit.api_key) as client,
        ):
            jobs = [await client.start({"kind": "knapsack", "statement": CHEST}, lane="classical") for _ in range(3)]
            await page.sign_in(key)
            await page.go("jobs")
            await page.go("operations")
            await page.has("kind knapsack")
            for job in jobs:
                while (await client.get(job.id)).state != "held":
                    await client.get(job.id, include=["events"])

            await page.page.get_by_label("Tenant").fill(TENANT)
            await page.page.locator("select[name=kind]").select_option("knapsack")
            await page.page.get_by_role("button", name="Freeze and count").click()
            await page.has("All of it:")
            await page.page.get_by_role("button", name="Run ").first.click()
            await page.page.get_by_label("Reason, for the record").fill("Nobody wants them.")
            await page.page.locator("dialog[open]").get_by_role("button", name="Run on 3 things").click()

            await page.has("3 of 3 dealt with")
            assert [(await job).state for job in jobs] == ["cancelled"] * 3
            assert await page.violations() == []
            await page.picture("live-operation")
    finally:
        await register.lift(hold.number, actor="t", reason="The test is over.")
