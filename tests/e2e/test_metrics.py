"""What a person finds on the health port of a running service."""

from __future__ import annotations

import asyncio

from prometheus_client import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from queuebit_devstack.ports import LOOPBACK
from tests.e2e.harness import Platform, trivial


async def scrape(queuebit: Platform, service: str) -> str:
    """The body of `GET /metrics`."""
    reader, writer = await asyncio.open_connection(LOOPBACK, queuebit.supervisor.health_port(service))
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    assert head.startswith("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4")
    return body


async def families(queuebit: Platform, service: str) -> dict[str, Family]:
    return {family.name: family for family in text_string_to_metric_families(await scrape(queuebit, service))}


def total(family: Family, **labels: str) -> float:
    return sum(
        sample.value
        for sample in family.samples
        if not sample.name.endswith("_created") and labels.items() <= sample.labels.items()
    )


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
