"""What a person finds on the health port of a running service."""

from __future__ import annotations

import asyncio

from tests.e2e.harness import Platform, trivial
from tests.e2e.scraped import families, total


async def _lag_told(queuebit: Platform, service: str) -> None:
    """Gauges are shown every few seconds, the first time when a member knows the ends of its topics."""
    for _ in range(150):
        if (await families(queuebit, service))["queuebit_consumer_lag"].samples:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{service} tells no lag")


async def test_every_service_tells_prometheus_how_it_is_while_telemetry_is_off(queuebit: Platform) -> None:
    ended = "queuebit_jobs_ended"
    before = total((await families(queuebit, "control_plane"))[ended], queuebit_job_state="completed")
    job_ids = await queuebit.publish(trivial(20))
    await queuebit.outcomes(job_ids)

    found = {name: await families(queuebit, name) for name in queuebit.supervisor.names}
    assert total(found["control_plane"][ended], queuebit_job_state="completed") >= before + 20
    assert total(found["classical_solver"]["queuebit_attempts"], queuebit_outcome="succeeded") > 0
    for service in ("control_plane", "quantum_adapter", "classical_solver", "result_validation"):
        await _lag_told(queuebit, service)
    for name in queuebit.supervisor.names:
        assert not found[name]["queuebit_not_ready"].samples, name
        assert found[name]["process_resident_memory_bytes"].samples, name
