"""What has been costly is read in worker processes, none of it for long, and the loop is held for a moment only."""

from __future__ import annotations

import pytest

from queuebit_contracts.envelope import decode_data
from queuebit_contracts.events import JobSubmitted
from queuebit_problems.admission import admit
from queuebit_problems.registry import built_in_modules
from queuebit_runtime.processes.bounded_work import LARGE_BYTES, in_processes
from queuebit_workbench.bench.flood import large_question
from queuebit_workbench.bench.holds import Hold, batches, bodies, measure_holds

ADMITTED = {
    "conditions in conditions", "wide conditions in a loop", "a long tour", "a large shop", "a graph", "a small graph",
}  # fmt: skip
LOOP_S_MAX = 0.05
"""Of processor time, so that a busy machine does not count."""


@pytest.mark.timeout(180)
async def test_no_body_of_64_kib_holds_the_loop() -> None:
    wanted, many = bodies(), batches()
    work = in_processes(("queuebit_gateway.http.admission", *built_in_modules()))
    try:
        holds: dict[str, Hold] = await measure_holds(work, wanted, many)
    finally:
        await work.close()

    assert {name for name, hold in holds.items() if hold.code == "admitted"} == ADMITTED
    assert [holds[name].code for name in many] == ["500 of 500 admitted", "0 of 1000 admitted", "0 of 500 admitted"]
    assert "statement_too_costly" not in {hold.code for hold in holds.values()}
    assert [name for name, hold in holds.items() if not hold.elsewhere] == [
        "a small graph",
        "a batch of jobs that are none",
    ]
    assert [name for name, hold in holds.items() if hold.loop_s > LOOP_S_MAX] == []


def test_the_flood_is_as_large_as_it_says() -> None:
    value = large_question(1).value
    asked = decode_data(JobSubmitted, value)
    assert isinstance(asked, JobSubmitted)
    assert admit(asked.request).admission.size.terms == 219_000
    assert LARGE_BYTES < 3_300_000 < len(value) < 3_500_000
