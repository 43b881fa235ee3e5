"""What a person finds on the health port of a running service."""

from __future__ import annotations

from tests.e2e.harness import Platform, trivial
from tests.e2e.scraped import families, total


async def test_every_service_tells_prometheus_how_it_is_while_telemetry_is_off(queuebit: Platform) -> None:
    ended = "queuebit_jobs_ended"
    before = total((await families(queuebit, "control_plane"))[ended], queuebit_job_state="completed")
    job_ids = await queuebit.publish(trivial(20))
    await queuebit.outcomes(job_ids)

    found = {name: await families(queuebit, name) for name in queuebit.supervisor.names}
    assert total(found["control_plane"][ended], queuebit_job_state="completed") >= before + 20
    assert total(found["classical_solver"]["queuebit_attempts"], queuebit_outcome="succeeded") > 0
    for service in ("control_plane", "quantum_adapter", "classical_solver", "result_validation"):
        assert found[service]["queuebit_consumer_lag"].samples, service
    for name in queuebit.supervisor.names:
        assert not found[name]["queuebit_not_ready"].samples, name
        assert found[name]["process_resident_memory_bytes"].samples, name
