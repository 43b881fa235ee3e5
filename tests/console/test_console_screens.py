"""Each screen: it shows what the API says, in both themes, without a finding of axe, and by keyboard alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.console.browser import TIMEOUT_MS, Watched
from tests.console.conftest import Open
from tests.console.told import LEG, begun, ended, whole
from tests.contract.http.served import Served

THEMES = ("light", "dark")
GRAPH = {"nodes": 4, "edges": [[1, 2], [2, 3], [3, 4]]}
DRAWN: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "tsp": ({"metric": "EUC_2D", "coordinates": [[0, 0], [3, 4], [3, 0], [0, 4]]}, {"tour": [1, 3, 2, 4]}, "path.way"),
    "cvrp": (
        {
            "metric": "EUC_2D",
            "coordinates": [[0, 0], [4, 3], [4, -3]],
            "capacity": 3,
            "demands": [0, 2, 2],
            "vehicles": 2,
        },
        {"routes": [[2], [3]]},
        "path.way >> nth=1",
    ),
    "job_shop": (
        {"machines": 2, "jobs": [[[0, 3], [1, 2]], [[1, 1]]]},
        {"start": [[0, 3], [0]]},
        "rect.block >> nth=2",
    ),
    "flow_shop": ({"durations": [[1, 2], [2, 1]]}, {"order": [1, 0]}, "rect.block >> nth=3"),
    "maxcut": ({"nodes": 3, "edges": [[0, 1, 1], [1, 2, 1], [0, 2, 1]]}, {"side": [0, 1, 1]}, "path.edge.marked"),
    "graph_colouring": (GRAPH, {"colour": [0, 1, 0, 1]}, "circle.block >> nth=3"),
    "max_independent_set": (GRAPH, {"nodes": [1, 3]}, "circle.block >> nth=3"),
    "portfolio": (
        {"expected_returns": [0.1, 0.2], "covariances": [[0.04, 0.01], [0.01, 0.09]], "budget": 1},
        {"select": [0, 1]},
        "path.chosen",
    ),
    "bin_packing": ({"capacity": 10, "sizes": [6, 4, 7]}, {"bin": [0, 0, 1]}, "rect.block >> nth=2"),
    "knapsack": (
        {"capacity": 10, "profits": [3, 5, 9], "weights": [4, 6, 9]},
        {"take": [1, 1, 0]},
        "rect.block >> nth=1",
    ),
    "circuit_sampling": (
        {"qasm": 'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q[0]; cx q[0],q[1]; measure q -> c;'},
        {"counts": {"00": 510, "11": 514}, "shots": 1024},
        "rect.box",
    ),
}
"""A statement, an answer, and what the picture of it has."""


async def _focused(page: Watched) -> str:
    text: str = await page.page.evaluate("document.activeElement.textContent.trim()")
    return text


async def _tab_to(page: Watched, text: str, presses: int = 80) -> None:
    """Press Tab until what has the focus says `text` and no more."""
    for _ in range(presses):
        if text == await _focused(page):
            return
        await page.page.keyboard.press("Tab")
    raise AssertionError(f"{text!r} is not come to by Tab.")


@pytest.mark.parametrize("theme", THEMES)
async def test_the_overview_shows_the_latest_jobs_and_says_what_it_does_not_know(
    a_page: Open, served: Served, theme: Any
) -> None:
    job_id = await whole(served.world, "tsp", *DRAWN["tsp"][:2])
    async with a_page(theme) as page:
        await page.sign_in(served.key)

        await page.has(f"{str(job_id)[:8]}…{str(job_id)[-6:]}")
        assert await page.violations() == []
        await page.picture("overview")


@pytest.mark.parametrize("theme", THEMES)
async def test_jobs_are_filtered_by_the_address_and_come_in_by_themselves(
    a_page: Open, served: Served, theme: Any
) -> None:
    await whole(served.world, "tsp", *DRAWN["tsp"][:2])
    running = await begun(served.world)
    async with a_page(theme) as page:
        await page.sign_in(served.key)
        await page.go("jobs")
        await page.has("2 jobs shown, that is all.")
        assert await page.violations() == []
        await page.picture("jobs")

        await page.page.get_by_label("running", exact=True).check()
        await page.has("1 job shown, that is all.")
        assert page.page.url.endswith("#/jobs?state=running")

        await begun(served.world, "maxcut", DRAWN["maxcut"][0])
        await page.has("2 jobs shown, that is all.")

        await page.go("jobs?state=failed&tier=batch")
        await page.has("without this")
        await page.page.get_by_placeholder("01890000").fill(str(running))
        await page.page.keyboard.press("Enter")
        await page.has("Where the time went")


@pytest.mark.parametrize("theme", THEMES)
async def test_a_job_is_told_whole(a_page: Open, served: Served, theme: Any) -> None:
    job_id = await begun(served.world, "tsp", DRAWN["tsp"][0], progress=3)
    await ended(served.world, job_id, DRAWN["tsp"][1])
    async with a_page(theme) as page:
        await page.sign_in(served.key)
        await page.go(f"jobs/{job_id}")

        await page.has("Answered by enumeration on test (classical lane)")
        await page.has("Confidence 90 %")
        await page.has("gap to the bound")
        await page.page.get_by_role("button", name="Show the shares").click()
        await page.page.get_by_role("group", name="Shares of the objective").wait_for(timeout=TIMEOUT_MS)
        await page.has("Planned classical_then_rule by rule wish")
        await page.has("7 events of 10")
        await page.page.get_by_label("Progress (3)").check()
        await page.has("10 events of 10")
        await page.page.get_by_role("button", name="Job planned").click()
        await page.has('"policy_version": "1"')
        for summary in await page.page.locator("summary").all():
            await summary.click()
        assert await page.violations() == []
        await page.picture("job")


@pytest.mark.parametrize("kind", sorted(DRAWN))
async def test_an_answer_is_drawn_where_a_picture_says_it(a_page: Open, served: Served, kind: str) -> None:
    statement, answer, part = DRAWN[kind]
    job_id = await whole(served.world, kind, statement, answer)
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go(f"jobs/{job_id}")

        await page.page.locator(f".panel[aria-label=Answer] {part}").wait_for(state="attached", timeout=TIMEOUT_MS)
        assert await page.violations() == []
        await page.picture(f"answer-{kind}")


async def test_what_happens_to_a_job_is_seen_as_it_happens(a_page: Open, served: Served) -> None:
    job_id = await begun(served.world)
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go(f"jobs/{job_id}")
        await page.has(f"{LEG} is running on the classical lane")

        await ended(served.world, job_id, {"tour": [1, 2, 3]})

        await page.has("Completed with the answer of primary-classical")
        await page.has("Answered by enumeration on test")
        await page.page.get_by_role("button", name="Cancel job").wait_for(state="detached")


async def test_a_job_is_cancelled_with_a_reason(a_page: Open, served: Served) -> None:
    job_id = await begun(served.world)
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go(f"jobs/{job_id}")
        await page.page.get_by_role("button", name="Cancel job").click()
        await page.page.get_by_label("Reason, for the record").fill("The order was withdrawn.")
        assert await page.violations() == []
        await page.page.locator("dialog[open]").get_by_role("button", name="Cancel job").click()

        await page.has("The order was withdrawn.")
        (envelope,) = served.world.plane.cancellations
        assert envelope.data.reason == "The order was withdrawn."  # type: ignore[union-attr]


async def test_the_same_job_is_asked_for_from_elsewhere_without_the_key(a_page: Open, served: Served) -> None:
    job_id = await whole(served.world, "tsp", *DRAWN["tsp"][:2])
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go(f"jobs/{job_id}")
        await page.page.get_by_role("button", name="Copy as …").click()

        said = await page.page.locator("dialog[open]").inner_text()
        assert f"queuebit show {job_id}" in said
        assert f"{served.url}/v1/jobs/{job_id}?include=plan,events" in said
        assert served.key not in said


async def test_by_keyboard_alone_from_the_door_to_an_event_of_a_job(a_page: Open, served: Served) -> None:
    job_id = await whole(served.world, "tsp", *DRAWN["tsp"][:2])
    async with a_page() as page:
        await page.sign_in(served.key)
        press = page.page.keyboard.press
        await page.has("Latest jobs")
        await page.jump("j")
        await page.has("1 job shown, that is all.")
        await press("j")
        assert await _focused(page) == f"{str(job_id)[:8]}…{str(job_id)[-6:]}"
        await press("Enter")
        await page.has("Where the time went")
        assert "tsp" in await _focused(page), "the heading of the new screen has the focus"
        await _tab_to(page, "Job planned")
        await press("Enter")
        await page.has("Event 2, whole")
        await press("?")
        await page.has("Letters do something")
        await press("Escape")
        await press("t")
        assert await page.page.evaluate("document.documentElement.dataset.theme") == "light"


async def test_a_key_right_after_the_page_was_opened_means_what_it_always_does(a_page: Open, served: Served) -> None:
    """Given a page that was opened a tenth of a second ago and stays so young, then a letter alone leads nowhere, `g` and a
    letter lead to a screen, and what `/` is for is not missed.
    """
    async with a_page() as page:
        await page.page.add_init_script("performance.now = () => 100")
        await page.sign_in(served.key)
        await page.has("Latest jobs")
        await page.page.keyboard.press("p")
        assert await page.page.evaluate("location.hash") == ""

        await page.jump("j")
        await page.page.wait_for_selector("main [data-search]")
        await page.page.keyboard.press("/")
        assert await page.page.evaluate("document.activeElement.matches('main [data-search]')")


async def test_who_has_no_key_is_told_what_to_do_and_one_that_is_revoked_leads_back_to_the_door(
    a_page: Open, served: Served
) -> None:
    async with a_page() as page:
        await page.page.goto(page.base)
        assert await page.violations() == []
        await page.picture("sign-in")
        await page.page.fill("#key", "no key")
        await page.page.keyboard.press("Enter")
        await page.page.locator("[role=alert]").wait_for()
        assert await page.violations() == []
        assert [text for text in page.complaints if "401" not in text] == []
        page.complaints.clear()

        await page.sign_in(served.key)
        kept = await page.page.evaluate("JSON.stringify([{...localStorage}, location.href, document.cookie])")
        assert json.loads(kept)[0].keys() <= {"queuebit.theme", "queuebit.keys"}
        assert served.key not in kept
        await page.page.get_by_role("button", name="Sign out").click()
        await page.page.wait_for_selector("#key")
        assert await page.page.evaluate("sessionStorage.length") == 0


async def test_a_job_that_is_not_there_is_said_to_be_so(a_page: Open, served: Served) -> None:
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go("jobs/01890000-0000-7000-8000-000000000009")
        await page.page.locator("[role=alert]").wait_for()

        assert await page.violations() == []
        assert [text for text in page.complaints if "404" not in text] == []
        page.complaints.clear()


async def test_a_place_that_is_not_there_is_said_to_be_so(a_page: Open, served: Served) -> None:
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.go("nowhere")
        await page.has("There is no such page")
        assert await page.violations() == []
