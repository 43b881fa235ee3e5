"""What is kept of a job: listed on demand, shown, drawn and saved, in both themes and by keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.ids import attempt_id_of
from queuebit_contracts.jobs import Artifacts as Reference
from queuebit_store.artifacts.manifest import Item, encode_manifest
from queuebit_store.artifacts.port import Shelf
from tests.console.conftest import Open
from tests.console.told import LEG, RAN, begun, ended, tell
from tests.contract.http.served import Served
from tests.contract.http.told_artifacts import COUNTS, RAN_AS

ASKED = "OPENQASM 3.0; include 'stdgates.inc'; qubit[2] q; bit[2] c; h q[0]; cx q[0], q[1]; c = measure q;"
STATEMENT = {"qasm": ASKED.replace("'", '"')}


async def _kept(served: Served) -> Any:
    """A circuit that was asked for, ran, and left what it was and said."""
    world = served.world
    job_id = await begun(world, "circuit_sampling", STATEMENT)
    put = world.artifacts.put
    items = [
        Item(name, put(data, Shelf.FREE), len(data))
        for name, data in (
            ("round-0/ran-0.qasm", RAN_AS),
            ("round-0/counts.json", COUNTS),
            ("round-0/ran.qpy", b"QISKIT"),
        )
    ]
    data = encode_manifest({}, items)
    now = world.clock.now()
    succeeded = ev.ExecutionSucceeded(
        attempt_id=attempt_id_of(job_id, LEG, 1), leg=LEG, lane="simulator", ran=RAN, answer={"counts": {"00": 510, "11": 514}},
        started_at=now, finished_at=now,
        artifacts=Reference(sha256=put(data, Shelf.FREE), bytes=len(data), count=len(items)),
    )  # fmt: skip
    await tell(world, job_id, [succeeded], "validating", "circuit_sampling")
    await ended(world, job_id, {"counts": {"00": 510, "11": 514}, "shots": 1024}, objective=None, succeeded=False)
    return job_id


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_what_is_kept_is_listed_drawn_and_saved_by_keyboard(
    a_page: Open, served: Served, theme: Any, tmp_path: Path
) -> None:
    job_id = await _kept(served)
    async with a_page(theme) as page:
        await page.sign_in(served.key)
        await page.go(f"jobs/{job_id}")
        await page.has("3 artifacts, each checked against its hash")
        press = page.page.keyboard.press

        await page.page.get_by_text("The circuit as it ran").focus()
        await press("Enter")
        await page.page.locator("[aria-label='OpenQASM that ran']").wait_for()
        assert await page.page.locator(".gate .box").count() >= 3, "before and after are drawn"

        await page.page.get_by_role("button", name="List what is kept").focus()
        await press("Enter")
        await page.page.get_by_role("button", name="Show round-0/counts.json").focus()
        await press("Enter")
        await page.page.locator("pre[aria-label='round-0/counts.json']").wait_for()
        assert await page.violations() == []
        await page.picture("artifacts")

        await page.page.get_by_role("button", name="Save round-0/ran.qpy").focus()
        async with page.page.expect_download() as saved:
            await press("Enter")
        file = await saved.value
        assert file.suggested_filename == "round-0-ran.qpy"
        await file.save_as(tmp_path / "ran.qpy")
        assert (tmp_path / "ran.qpy").read_bytes() == b"QISKIT"


async def test_who_may_only_look_is_told_so(a_page: Open, served: Served) -> None:
    job_id = await _kept(served)
    async with a_page() as page:
        await page.sign_in(await served.world.key("acme", "viewer"))
        await page.go(f"jobs/{job_id}")
        await page.page.get_by_role("button", name="List what is kept").click()
        await page.has("The role viewer does not allow artifact:read.")
        assert [text for text in page.complaints if "403" not in text] == []
        page.complaints.clear()
