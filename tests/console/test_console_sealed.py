"""An answer that holds data of a subject: it says that it is sealed, is shown to who says why, and then that it was erased."""

from __future__ import annotations

import os
from typing import Any
from uuid import uuid4

import pytest

from queuebit_contracts.sealed import sealed_mapping
from queuebit_store.keys.ring import KeyRing, MasterKeys
from tests.console.conftest import Open
from tests.console.told import begun, ended
from tests.contract.http.served import Served

TOUR = {"tour": [0, 1, 2]}
THEMES = ("light", "dark")


@pytest.mark.parametrize("theme", THEMES)
async def test_a_sealed_answer_is_shown_to_who_says_why_until_it_is_erased(
    a_page: Open, served: Served, theme: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, clock = served.world, served.world.clock
    masters = MasterKeys({"2026": b"m" * 32})
    ring = KeyRing(world.store, masters, monotonic_s=clock.monotonic_s, random=os.urandom, mint=uuid4)
    monkeypatch.setattr(world.parts.payloads, "_ring", ring)
    key = await ring.of_subject("acme", "p-17")
    question = sealed_mapping({"metric": "EUC_2D", "coordinates": [[0, 0], [3, 4], [3, 0]]}, key)
    job_id = await begun(world, "tsp", dict(question))
    await ended(world, job_id, dict(sealed_mapping(TOUR, key)))
    async with a_page(theme) as page:
        await page.sign_in(served.key)
        await page.go(f"jobs/{job_id}")
        await page.has("It holds data of a subject, and is sealed.")
        assert await page.page.get_by_role("button", name="Show the shares").count() == 0
        assert await page.violations() == []

        await page.page.get_by_role("button", name="Reveal the answer").focus()
        await page.page.keyboard.press("Enter")
        await page.page.get_by_label("Reason, for the record").fill("complaint 4711")
        await page.page.keyboard.press("Enter")
        await page.has("The question is sealed, so that nothing can be drawn.")
        await page.page.locator(".panel[aria-label=Answer] summary").click()
        await page.has('"tour":[0,1,2]')
        assert await page.violations() == []
        await page.picture("job-revealed")

        await world.store.destroy_keys("acme", "p-17", clock.now())
        clock.moved_s += 60
        await page.page.reload()
        await page.has("It was erased, with all data of its subject.")
    told = await world.parts.trail.audit.page("acme", ["job.reveal"], None, 10)
    assert [(entry.about, entry.reason) for entry in told[0]] == [(str(job_id), "complaint 4711")]
