"""How soon and how light it is: the figures are kept beside the pictures, the limits here are generous."""

from __future__ import annotations

import json
import time
from typing import Any

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from tests.console.browser import PICTURES, TIMEOUT_MS
from tests.console.conftest import Open
from tests.console.told import LEG, begun, tell
from tests.contract.http.served import Served

FIRST_PAINT_BYTES_MAX = 150_000
EVENTS = 10_000
GENEROUS_S = 60.0
"""The goals are 1.5 s to an interactive page and 0.3 s to a new event, on a quiet machine; busy ones are slower by far."""


def keep(**figures: float) -> None:
    """Add to the figures of this run."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / "figures.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**known, **figures}, indent=2, sort_keys=True) + "\n")


async def test_what_is_sent_until_the_first_screen_stands_is_small(a_page: Open, served: Served) -> None:
    async with a_page() as page:
        requests: list[Any] = []

        def finished(request: Any) -> None:
            requests.append(request)

        page.page.on("requestfinished", finished)
        await page.sign_in(served.key)
        await page.has("Latest jobs")
        page.page.remove_listener("requestfinished", finished)
        found = [await request.sizes() for request in requests]
        sizes = [each["responseBodySize"] + each["responseHeadersSize"] for each in found]

        keep(first_paint_bytes=sum(sizes), first_paint_requests=len(sizes))
        assert 0 < sum(sizes) <= FIRST_PAINT_BYTES_MAX


async def test_a_job_of_ten_thousand_events_can_be_worked_with_and_tells_the_next_one(
    a_page: Open, served: Served
) -> None:
    job_id = await begun(served.world, progress=EVENTS - 4)
    async with a_page() as page:
        await page.sign_in(served.key)
        await page.has("Latest jobs")
        started = time.monotonic()
        await page.go(f"jobs/{job_id}")
        await page.page.get_by_label(f"Progress ({EVENTS - 4})").check()
        await page.has(f"{EVENTS:,} events of {EVENTS}")
        interactive_s = time.monotonic() - started

        drawn = await page.page.locator(".row-line").count()
        attempt = attempt_id_of(job_id, LEG, 1)
        report = ev.ExecutionProgressed(attempt_id=attempt, leg=LEG, elapsed_s=4321, objective=7, bound=7)
        told = time.monotonic()
        await tell(served.world, job_id, [report], "running", "tsp")
        await page.page.locator(".row-line", has_text=str(EVENTS + 1)).wait_for(timeout=TIMEOUT_MS)
        seen_s = time.monotonic() - told

        keep(job_of_10000_events_interactive_s=round(interactive_s, 3), new_event_seen_s=round(seen_s, 3))
        assert drawn < 100, "only what is seen is drawn"
        assert max(interactive_s, seen_s) < GENEROUS_S
        await page.has("objective 7, bound 7 after 4.32e+03 s.")
