"""What the services cost at rest and a job: memory, records and statements, counted on the real stack."""

from __future__ import annotations

import psutil  # type: ignore[import-untyped]
import pytest

from queuebit_contracts import channels
from queuebit_workbench.bench.counts import take_counts
from tests.e2e.harness import Platform, trivial

IDLE_MB_MAX = {
    "gateway": 150,
    "control_plane": 150,
    "result_validation": 150,
    "quantum_adapter": 400,
    "classical_solver": 400,
}


@pytest.mark.parametrize("name", IDLE_MB_MAX)
async def test_a_service_is_small(queuebit: Platform, name: str) -> None:
    process = psutil.Process(queuebit.supervisor.pid(name))
    family = [process, *process.children(recursive=True)]

    assert sum(each.memory_info().rss for each in family) / 1e6 <= IDLE_MB_MAX[name]


async def test_a_trivial_job_costs_so_many_records_and_hardly_a_statement(queuebit: Platform) -> None:
    """Twelve records a job, and statements shared by batches: a change that adds one must be meant."""
    jobs = 600
    before = await take_counts(queuebit.stack.access(), queuebit.stack.postgres)

    await queuebit.outcomes(await queuebit.publish(trivial(jobs)))
    spent = await take_counts(queuebit.stack.access(), queuebit.stack.postgres) - before

    assert spent.records == {
        channels.SUBMITTED: jobs,
        channels.queued("classical", "interactive"): jobs,
        channels.EXECUTIONS: jobs,
        channels.VALIDATIONS: jobs,
        channels.COMPLETED: jobs,
        channels.LIFECYCLE: 7 * jobs,
    }
    assert spent.statements <= 2 * jobs
