"""Two jobs side by side, backends, and failures: in both themes, without a finding of axe, and by keyboard alone."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_contracts.failures import FailureCode
from tests.console.conftest import Open
from tests.console.told import awaited, begun, failed, undone, whole
from tests.contract.http.served import Served
from tests.contract.http.told_backends import CAN, keep
from tests.contract.http.told_operators import operated

QASM = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;'
TOUR = {"metric": "EUC_2D", "coordinates": [[0, 0], [3, 4], [3, 0], [0, 4]]}, {"tour": [1, 3, 2, 4]}
THEMES = ("light", "dark")


@pytest.mark.parametrize("theme", THEMES)
async def test_two_jobs_are_compared_and_what_shots_account_for_is_no_difference(
    a_page: Open, served: Served, theme: Any
) -> None:
    statement = {"qasm": QASM}
    one = await whole(served.world, "circuit_sampling", statement, {"counts": {"00": 510, "11": 514}, "shots": 1024})
    other = await whole(served.world, "circuit_sampling", statement, {"counts": {"00": 500, "11": 524}, "shots": 1024})
    apart = await whole(served.world, "circuit_sampling", statement, {"counts": {"00": 20, "11": 1004}, "shots": 1024})
    async with a_page(theme) as page:
        await page.sign_in(served.key)
        await page.jump("c")
        await page.has("Choose two jobs by their ids.")
        await page.page.get_by_label("A", exact=True).fill(str(one))
        await page.page.get_by_label("B", exact=True).fill(str(other))
        await page.page.keyboard.press("Enter")

        await page.has("The outcomes do not differ beyond shot noise")
        assert page.page.url.endswith(f"#/compare?a={one}&b={other}")
        assert await page.violations() == []
        await page.picture("compare")

        await page.go(f"compare?a={one}&b={apart}")
        await page.has("The outcomes differ beyond shot noise, which alone")
        await page.has("total variation distance 0.4785")


@pytest.mark.parametrize("theme", THEMES)
async def test_backends_are_set_side_by_side_and_an_old_report_is_said_to_be_one(
    a_page: Open, served: Served, theme: Any
) -> None:
    await keep(
        served.world, "ibm_b", lane="quantum", queue_length=7, qubits_max=127, capabilities=CAN, detail="active",
        provider="sdk 1",
    )  # fmt: skip
    await keep(served.world, "ibm_old", age_s=301.0, lane="quantum", queue_length=3)
    await keep(served.world, "aer", lane="simulator", available=False)
    async with a_page(theme) as page:
        await page.sign_in(served.key)
        await page.jump("b")
        await page.has("stale")
        assert await page.violations() == []
        await page.picture("backends")

        await page.page.keyboard.press("j")
        await page.page.keyboard.press("Enter")
        await page.has("Beside the others")
        assert page.page.url.endswith("#/backends/ibm_b")
        assert await page.violations() == []
        await page.picture("backend")


@pytest.mark.parametrize("theme", THEMES)
async def test_a_group_of_failures_is_frozen_tried_dry_sent_again_and_watched(
    a_page: Open, served: Served, theme: Any
) -> None:
    statement = {"nodes": 3, "edges": [[0, 1, 1], [1, 2, 1], [0, 2, 1]]}
    jobs = [await failed(served.world, "maxcut", statement, FailureCode.BUDGET_EXHAUSTED) for _ in range(3)]
    await failed(served.world, "maxcut", statement, FailureCode.WORKER_LOST)
    async with a_page(theme) as page:
        await page.sign_in(served.key)
        press = page.page.keyboard.press
        await page.jump("f")
        await page.has("budget exhausted")
        assert await page.violations() == []
        await press("j")
        await press("Enter")
        await page.has("Group: budget exhausted")
        await page.page.get_by_role("button", name="Freeze these 3 jobs to ask again").focus()
        await press("Enter")
        await failed(served.world, "maxcut", statement, FailureCode.BUDGET_EXHAUSTED)
        await page.has("3 of 3 questions would be taken now. Nothing was sent yet.")
        assert served.world.plane.submissions == [], "nothing is sent before a person says so"
        assert await page.violations() == []
        await page.picture("failures")

        await page.page.get_by_role("button", name="Send 3 jobs").focus()
        await press("Enter")
        await page.has("3 of 3 jobs ended, 3 with an answer.")
        asked = [envelope.data.request for envelope in served.world.plane.submissions]  # type: ignore[union-attr]
        assert {request.labels["again_of"] for request in asked} == {str(job_id) for job_id in jobs}
        assert {request.problem.kind for request in asked} == {"maxcut"}
        assert await page.violations() == []
        await page.picture("failures-sent")


@pytest.mark.parametrize("theme", THEMES)
async def test_what_operators_do_is_seen_with_who_and_why(a_page: Open, served: Served, theme: Any) -> None:
    await operated(served.world)
    async with a_page(theme) as page:
        await page.sign_in(await served.world.key("acme", "operator"))
        press = page.page.keyboard.press
        await page.jump("p")
        await page.has("2,500 of 2,500 dealt with")
        await page.has("It drifts.")
        assert await page.violations() == []
        await page.picture("operations")

        await page.jump("a")
        await page.has("Nobody has done anything yet that is written down.")
        await page.page.get_by_role("link", name="Operators", exact=True).focus()
        await press("Enter")
        await page.has("8 deeds shown.")
        await press("/")
        await page.page.keyboard.type("slowly")
        await page.has("1 deed shown.")
        assert await page.violations() == []
        await page.picture("audit-operators")


@pytest.mark.parametrize("theme", THEMES)
async def test_what_was_done_in_a_tenant_is_seen_with_who_and_why_by_deed_and_page_by_page(
    a_page: Open, served: Served, theme: Any
) -> None:
    job_id = await begun(served.world)
    admin = await served.world.headers("acme", "admin")
    for nth in range(52):
        made = await served.world.http.post("/v1/keys", json={}, headers={**admin, "Idempotency-Key": f"k{nth}"})
        assert made.status_code == 201
    await served.world.http.post(f"/v1/jobs/{job_id}/cancel", json={"reason": "too late"}, headers=admin)
    async with a_page(theme) as page:
        await page.sign_in(await served.world.key("acme", "admin"))
        press = page.page.keyboard.press
        await page.jump("a")
        await page.has("50 deeds shown, there are more.")
        await page.has("too late")
        assert await page.violations() == []
        await page.picture("audit")

        await page.page.get_by_role("button", name="Older deeds").focus()
        await press("Enter")
        await page.has("53 deeds shown, that is all.")
        for nth in range(52, 55):
            await served.world.http.post("/v1/keys", json={}, headers={**admin, "Idempotency-Key": f"k{nth}"})
        await page.has("56 deeds shown, that is all.")
        await page.page.locator("select[data-search]").select_option("job.cancel")
        await page.has("1 deed shown, that is all.")
        assert page.page.url.endswith("#/audit?action=job.cancel")
        await page.page.locator("main [data-row]").focus()
        await press("Enter")
        await page.page.wait_for_url(f"**/#/jobs/{job_id}")


async def test_what_came_after_an_answer_is_seen_on_the_screen_of_its_job(a_page: Open, served: Served) -> None:
    """Given an answer that was acted on and that a later one took the place of, then that, its steps back, what it brought."""
    first, later = await undone(served.world, *TOUR)
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go(f"jobs/{first}")

        await page.has("Another answer counts")
        await page.has("asked for: superseded")
        text = await page.page.get_by_role("group", name="Steps back").inner_text()
        assert [name in text for name in ("release-slot", "com.acme.Apologise", "cancelled, superseded")] == [True] * 3
        brought = await page.page.get_by_role("group", name="What acting on it brought").inner_text()
        assert [each in brought for each in ("11.5", "120.50 EUR", "two lorries fewer", "key:0Xq3Tz81")] == [True] * 4
        assert f"#/jobs/{later}" in str(await page.page.locator(".failed a").first.get_attribute("href"))
        assert await page.violations() == []
        await page.picture("afterwards")


async def test_who_may_not_see_what_operators_do_is_told_so(a_page: Open, served: Served) -> None:
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go("audit/operators")
        await page.has("The role submitter does not allow operator:read.")
        assert await page.violations() == []
        assert [text for text in page.complaints if "403" not in text] == []
        page.complaints.clear()


@pytest.mark.parametrize("theme", THEMES)
async def test_a_plan_that_waits_for_people_is_shown_with_what_silence_leads_to(
    a_page: Open, served: Served, theme: Any
) -> None:
    job_id = await awaited(served.world)
    async with a_page(theme) as page:
        await page.sign_in(served.key)
        press = page.page.keyboard.press
        await page.jump("w")
        await page.has("6 qubits are dear.")
        await page.has("the plan classical_only is taken")
        assert await page.violations() == []
        await page.picture("approvals")

        await press("j")
        await press("Enter")
        await page.has("Where the time went")
        assert page.page.url.endswith(f"#/jobs/{job_id}")
        await page.has("waits for approval")
        assert await page.violations() == []
