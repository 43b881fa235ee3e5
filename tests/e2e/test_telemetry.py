"""Telemetry for real: one job's trace through separate processes, metrics by name, no payload anywhere, OTLP to a collector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx2
import orjson
import pytest_asyncio
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_contracts import events as ev
from queuebit_devstack.credentials import TENANT, gateway_env
from queuebit_devstack.ports import LOOPBACK, free_ports
from queuebit_devstack.stack import Stack
from queuebit_devstack.supervise import Supervisor, service_specs
from queuebit_runtime.telemetry.metrics import METRICS
from queuebit_workbench.demo.trace import SpanLine, is_whole, read_spans, trace_of
from tests.builders import a_problem, a_request
from tests.e2e.harness import Platform, eventually, platform

NAMESPACE = "telemetry"
CANARY = "canary-3f1c9b"
EVERY_TRACE = {"QUEUEBIT_TRACE_RATIO": "1", "OTEL_BSP_SCHEDULE_DELAY": "100", "QUEUEBIT_METRICS_INTERVAL_S": "0.5"}
CONSOLE = {"QUEUEBIT_TELEMETRY": "console", **EVERY_TRACE}
CLASSICAL = {"control-plane", "classical-solver", "result-validation"}
NAMED_BY_US = {
    "queuebit.jobs.ended",
    "queuebit.job.duration",
    "queuebit.attempts",
    "queuebit.relay.events",
    "queuebit.relay.delay",
    "queuebit.store.events",
    "queuebit.gateway.requests",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def traced(stack: Stack) -> AsyncIterator[Platform]:
    """The five services once more, in a namespace of their own, telling everything to their logs."""
    async with platform(stack, namespace=NAMESPACE, env=CONSOLE) as running:
        yield running


def logs_of(running: Platform) -> str:
    return "".join(running.supervisor.log(name).read_text(errors="replace") for name in running.supervisor.names)


async def whole_trace(running: Platform, job_id: UUID) -> list[SpanLine]:
    """The spans of the job, once they are written."""
    found: list[SpanLine] = []

    def written() -> bool:
        logs = [running.supervisor.log(name) for name in running.supervisor.names]
        found[:] = trace_of(read_spans(logs), str(job_id))
        return is_whole(found)

    await eventually(written, f"the trace of {job_id} is written")
    return found


async def submit(running: Platform, **labels: str) -> UUID:
    async with AsyncQueuebit(running.url, running.api_key) as client:
        accepted = await client.submit(a_problem().model_dump(), lane="classical", budget_s=5, labels=labels)
    job_id = UUID(str(accepted.id))
    (outcome,) = await running.outcomes([job_id])
    assert isinstance(outcome, ev.JobCompleted)
    return job_id


async def test_a_job_over_http_is_one_trace_from_the_gateway_to_its_end(traced: Platform) -> None:
    job_id = await submit(traced)

    trace = await whole_trace(traced, job_id)

    (root,) = [span for span in trace if span.parent_id is None]
    assert (root.service, root.name) == ("gateway", "POST /v1/jobs")
    assert {name: root.attributes[name] for name in ("http.response.status_code", "queuebit.tenant")} == {
        "http.response.status_code": 202,
        "queuebit.tenant": TENANT,
    }
    assert {span.service for span in trace} == CLASSICAL | {"gateway"}
    assert {span.job_id for span in trace} == {str(job_id)}


async def test_a_job_over_kafka_without_a_trace_begins_one_where_it_is_read(traced: Platform) -> None:
    (job_id,) = await traced.publish([a_request(tenant=TENANT)])
    await traced.outcomes([job_id])

    trace = await whole_trace(traced, job_id)

    (root,) = [span for span in trace if span.parent_id is None]
    assert (root.service, root.name) == ("control-plane", "process jobs.submitted")
    assert {span.service for span in trace} == CLASSICAL
    (attempt,) = [span for span in trace if span.name == "execute"]
    (order,) = [span for span in trace if span.span_id == attempt.parent_id]
    assert order.name == "process jobs.queued.classical.interactive"
    assert attempt.attributes == {
        "queuebit.job.id": str(job_id),
        "queuebit.tenant": TENANT,
        "queuebit.leg": "primary-classical",
        "queuebit.lane": "classical",
        "queuebit.attempt": 1,
        "queuebit.outcome": "succeeded",
    }


async def test_every_metric_has_a_name_of_the_list(traced: Platform) -> None:
    await submit(traced)
    names: set[str] = set()

    def told() -> bool:
        for line in logs_of(traced).splitlines():
            if line.startswith('{"resource_metrics"'):
                for resource in orjson.loads(line)["resource_metrics"]:
                    scopes = [scope for scope in resource["scope_metrics"] if scope["scope"]["name"] == "queuebit"]
                    names.update(metric["name"] for scope in scopes for metric in scope["metrics"])
        return names >= NAMED_BY_US

    await eventually(told, "the metrics are written")

    assert names <= {info.name for info in METRICS}


async def test_no_payload_gets_into_spans_metrics_or_logs(traced: Platform) -> None:
    """Given a label and bad statements that hold a mark, by HTTP and by Kafka, then no service says the mark."""
    job_id = await submit(traced, secret=CANARY)
    bad = {
        "problem": {"kind": "maxcut", "statement": {"nodes": CANARY, "edges": [[0, CANARY, 1]]}},
        "labels": {"a": CANARY},
    }
    headers = {"authorization": f"Bearer {traced.api_key}", "idempotency-key": "bad-1"}
    async with httpx2.AsyncClient(base_url=traced.url) as http:
        refused = await http.post("/v1/jobs", json=bad, headers=headers)
    (rejected,) = await traced.publish(
        [a_request(tenant=TENANT, problem=a_problem(nodes=CANARY), labels={"secret": CANARY}, lane="classical")]
    )
    after = await submit(traced)

    await whole_trace(traced, job_id)
    await whole_trace(traced, after)

    assert refused.status_code == 422
    await eventually(lambda: "JobRejected" in logs_of(traced), "the refusal is traced")
    assert rejected not in traced.ended
    written = logs_of(traced)
    assert CANARY not in written
    assert traced.api_key not in written
    assert all(secret not in written for secret in gateway_env(traced.stack.data_dir).values())


class Collector:
    """Takes what is posted over OTLP/HTTP, as a collector would."""

    def __init__(self) -> None:
        self.spans: list[str] = []
        self.metrics: set[str] = set()
        self.services: set[str] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                length = 0
                while (header := (await reader.readline()).strip()) != b"":
                    name, _, value = header.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                self.take(line.split()[1].decode(), await reader.readexactly(length))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def take(self, path: str, body: bytes) -> None:
        match path:
            case "/v1/traces":
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    self._service(resource)
                    self.spans += [span.name for scope in resource.scope_spans for span in scope.spans]
            case "/v1/metrics":
                for measured in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    self._service(measured)
                    self.metrics |= {metric.name for scope in measured.scope_metrics for metric in scope.metrics}
            case _:
                raise AssertionError(path)

    def _service(self, sent: object) -> None:
        attributes = sent.resource.attributes  # type: ignore[attr-defined]
        self.services |= {each.value.string_value for each in attributes if each.key == "service.name"}


@asynccontextmanager
async def a_collector() -> AsyncIterator[tuple[Collector, str]]:
    collector = Collector()
    server = await asyncio.start_server(collector.serve, LOOPBACK, 0)
    async with server:
        yield collector, f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"


async def test_a_service_sends_its_traces_and_metrics_over_otlp(traced: Platform) -> None:
    """Given a second gateway that tells a collector, when it takes a job, then the collector gets real OTLP posts."""
    (port,) = free_ports(1)
    async with a_collector() as (collector, endpoint):
        env = {
            **gateway_env(traced.stack.data_dir),
            **EVERY_TRACE,
            "QUEUEBIT_NAMESPACE": NAMESPACE,
            "QUEUEBIT_TELEMETRY": "otlp",
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        }
        specs = service_specs(port, names=("gateway",), env=env)
        async with Supervisor(traced.stack, specs, log_dir=traced.stack.data_dir / "logs" / "otlp"):
            async with AsyncQueuebit(f"http://{LOOPBACK}:{port}", traced.api_key) as client:
                accepted = await client.submit(a_problem().model_dump(), lane="classical", budget_s=5)
            await traced.outcomes([UUID(str(accepted.id))])
            await eventually(lambda: {"POST /v1/jobs", "send jobs.admitted"} <= set(collector.spans), "spans arrive")
            await eventually(lambda: "queuebit.gateway.requests" in collector.metrics, "metrics arrive")

    assert collector.services == {"queuebit-gateway"}
