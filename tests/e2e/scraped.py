"""What the health port of a running service tells Prometheus."""

from __future__ import annotations

import asyncio

from prometheus_client import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from queuebit_devstack.ports import LOOPBACK
from tests.e2e.harness import Platform


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
