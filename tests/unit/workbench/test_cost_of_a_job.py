"""What a trivial job costs each service, by counts that no busy machine changes: calls, bytes, events, records.

A ceiling that is passed is not raised without a reason in decision 16: each call more is paid by every job.
"""

from __future__ import annotations

import asyncio
import cProfile
import gc
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from queuebit_classical_solver.main import build_shell
from queuebit_classical_solver.shell.settings import SolverSettings
from queuebit_contracts import channels
from queuebit_contracts.ids import FIRST_EPOCH
from queuebit_control_plane.handler import CommandHandler
from queuebit_control_plane.inbound.admission import Intake
from queuebit_control_plane.inbound.subscriptions import Consumer
from queuebit_control_plane.inbound.superseding import Superseded
from queuebit_control_plane.inbound.tenants import Tenants
from queuebit_control_plane.policies import AskPolicy, built_in
from queuebit_control_plane.relay.relay import records_of
from queuebit_domain.holds.lanes import Lanes
from queuebit_domain.policy.compiling import compiled
from queuebit_domain.policy.default import DEFAULT
from queuebit_domain.policy.tables import Policy
from queuebit_domain.release.shares import Shares
from queuebit_operations.policies.files import read_document
from queuebit_result_validation.main import build_validator
from queuebit_result_validation.settings import ValidationSettings
from queuebit_runtime.bus.port import Outgoing, Record, Subscription
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.bounded_work import inline
from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_runtime.telemetry.local import LocalTelemetry
from queuebit_runtime.telemetry.otel import OtelTelemetry
from queuebit_runtime.telemetry.port import Telemetry
from queuebit_store.ports import Append, StoredEvent
from queuebit_workbench.bench.questions import TENANT, upstream
from tests.fakes.metric_exporter import KeptMetrics

JOBS = 400
BATCH = 200
FIRST = 20
"""So many go before: once everything is imported and remembered that is used again."""
ORDERS = channels.queued("classical", "interactive")
POLICY = Path(__file__).parents[3] / "infra" / "examples" / "policies" / "canary.yaml"


class _Unhurried(SystemClock):
    """However slow the machine is, nothing takes so long that others get their turn between."""

    def monotonic_s(self) -> float:
        return 0.0


CLOCK = _Unhurried()


class _Bus:
    """Keeps who listens and what is said."""

    def __init__(self) -> None:
        self.subscriptions: list[Subscription] = []
        self.said: list[Outgoing] = []
        self._heard = asyncio.Event()

    def subscribe(self, subscription: Subscription) -> None:
        """Nothing lies on the topics that a member reads from their beginning: it has caught up at once."""
        self.subscriptions.append(subscription)
        if subscription.caught_up is not None:
            subscription.caught_up()

    async def publish(self, records: Sequence[Outgoing]) -> None:
        self.said.extend(records)
        self._heard.set()

    async def has_said(self, count: int) -> None:
        """Return once so many records are published."""
        while len(self.said) < count:
            self._heard.clear()
            await self._heard.wait()


class _Store:
    """Takes every append."""

    epoch = FIRST_EPOCH

    def __init__(self) -> None:
        self.appended: list[Append] = []

    async def append(self, batch: Sequence[Append]) -> list[bool]:
        self.appended.extend(batch)
        return [True] * len(batch)

    async def known_tenants(self, wanted: Collection[str]) -> frozenset[str]:
        return frozenset({TENANT}) & frozenset(wanted)

    def taken(self) -> list[StoredEvent]:
        """The events since the last time, as the relay reads them."""
        events = [
            StoredEvent(1, 1, 1, one.stream_id, version, event.id, event.type, event.schema_version, event.data,
                        event.time, one.tenant, event.causation_id, event.traceparent)
            for one in self.appended
            for version, event in enumerate(one.events, start=one.expected_version + 1)
        ]  # fmt: skip
        self.appended.clear()
        return events


@dataclass
class _Delivery:
    records: Sequence[Record]

    def done(self, record: Record) -> None: ...

    def done_all(self) -> None: ...

    def wanted(self, record: Record) -> bool:
        return True


@dataclass
class Cost:
    """What so many jobs cost. `calls` by stage: of Python and of C, as the profiler counts them. `cycles`: objects that only
    the garbage collector frees.
    """

    calls: dict[str, int] = field(default_factory=dict)
    cycles: int = 0
    events: int = 0
    stored_bytes: int = 0
    records: int = 0
    published_bytes: int = 0


async def _at_once(work: Callable[..., Any], *arguments: Any) -> Any:
    return work(*arguments)


def _records(said: Sequence[Outgoing]) -> list[Record]:
    return [Record(each.topic, 0, place, each.key, each.value, tuple(each.headers)) for place, each in enumerate(said)]


class _Counting:
    """Counts the calls of one stage, but not those of the test around it, nor of what listens to the garbage collector; and the
    cycles that the stage leaves. What was there before stays out of the collector's sight, so that no stage need wait until it
    has gone through all of that: see `_measured`.
    """

    def __init__(self, cost: Cost, stage: str) -> None:
        self._cost, self._stage = cost, stage
        self._profile = cProfile.Profile()

    def __enter__(self) -> None:
        gc.collect()
        gc.freeze()
        gc.disable()
        self._profile.enable()

    def __exit__(self, *_: object) -> None:
        self._profile.disable()
        self._cost.cycles += gc.collect()
        gc.enable()
        entries: Sequence[Any] = self._profile.getstats()
        self._cost.calls[self._stage] = sum(each.callcount for each in entries)


async def _cost_of(
    jobs: int, telemetry: Telemetry | None = None, policy: AskPolicy = built_in, *, trace_ratio: float | None = None
) -> Cost:
    """The way of so many jobs through all services, stage by stage, with metrics and shares, on ports that cost nothing.
    `telemetry`: more than metrics; `trace_ratio`: every question carries a trace, and so many of them are kept.
    """
    cost, store = Cost(), _Store()
    control, solver, validator = _Bus(), _Bus(), _Bus()
    telemetry = telemetry or LocalTelemetry(CLOCK)
    told: list[Any] = [telemetry.bus(each) for each in (control, solver, validator)]  # type: ignore[arg-type]
    shares = Shares()
    handler = CommandHandler(store, CLOCK, appended=lambda: None, shares=shares, telemetry=telemetry)  # type: ignore[arg-type]
    lanes = Lanes()
    intake = Intake(store, Tenants(store), lanes, policy)  # type: ignore[arg-type]
    Consumer(told[0], handler, intake, lanes, CLOCK, inline(), Superseded(store, CLOCK)).subscribe()  # type: ignore[arg-type]
    build_shell(told[1], CLOCK, None, SolverSettings(), worker_name="w", hop=_at_once, telemetry=telemetry)  # type: ignore[arg-type]
    build_validator(told[2], CLOCK, ValidationSettings(), hop=_at_once, telemetry=telemetry)
    for each in solver.subscriptions:
        if each.caught_up is not None:
            each.caught_up()

    async def read(stage: str, bus: _Bus, topic: str, records: Sequence[Record], answers: int) -> None:
        listener = next(each for each in bus.subscriptions if topic in each.topics and not each.broadcast)
        with _Counting(cost, stage):
            for begin in range(0, len(records), BATCH):
                await listener.handler(_Delivery(records[begin : begin + BATCH]))
            await bus.has_said(answers)
        cost.records += len(bus.said)
        cost.published_bytes += _size(bus.said)

    def relayed(stage: str) -> list[Outgoing]:
        events = store.taken()
        with _Counting(cost, stage):
            said = records_of(events, CLOCK.now())
        cost.events += len(events)
        cost.stored_bytes += sum(len(each.data) for each in events)
        cost.records += len(said)
        cost.published_bytes += _size(said)
        return said

    ask = upstream(CLOCK, seed=1, trace_ratio=trace_ratio)
    questions = [ask() for _ in range(jobs)]
    submitted = [
        Record(channels.SUBMITTED, 0, place, each.key, each.value, each.headers) for place, each in enumerate(questions)
    ]
    await read("submissions", control, channels.SUBMITTED, submitted, 0)
    orders = _records([each for each in relayed("first relay") if each.topic == ORDERS])
    await read("orders", solver, ORDERS, orders, jobs)
    executions = _records(solver.said)
    await read("executions", validator, channels.EXECUTIONS, executions, jobs)
    await read("answers", control, channels.EXECUTIONS, _shuffled(executions, _records(validator.said)), 0)
    ends = [each for each in relayed("second relay") if each.topic == channels.COMPLETED]
    assert (len(orders), len(ends)) == (jobs, jobs)
    return cost


def _shuffled(executions: Sequence[Record], verdicts: Sequence[Record]) -> list[Record]:
    """As they come: some executions, then their verdicts."""
    half = BATCH // 2
    return [
        record
        for begin in range(0, len(executions), half)
        for record in (*executions[begin : begin + half], *verdicts[begin : begin + half])
    ]


def _size(records: Sequence[Outgoing]) -> int:
    headers = sum(len(name) + len(value) for each in records for name, value in each.headers)
    return headers + sum(len(each.key) + len(each.value) for each in records)


@pytest.fixture(scope="module")
def cost() -> Mapping[str, float]:
    """What one job costs."""
    return _measured()


def _measured(**so: Any) -> Mapping[str, float]:
    try:
        asyncio.run(_cost_of(FIRST, **so))
        found = asyncio.run(_cost_of(JOBS, **so))
    finally:
        gc.unfreeze()
    sums = {name: value for name, value in vars(found).items() if name != "calls"} | found.calls
    return {name: round(value / JOBS, 1) for name, value in sums.items()}


CALLS_MAX = {
    "submissions": 401,
    "first relay": 37,
    "orders": 232,
    "executions": 216,
    "answers": 371,
    "second relay": 42,
}
"""By stage, on Python 3.11; later ones make fewer."""


@pytest.mark.parametrize("stage", CALLS_MAX)
def test_no_stage_makes_more_calls_a_job_than_it_did(cost: Mapping[str, float], stage: str) -> None:
    assert CALLS_MAX[stage] / 2 < cost[stage] <= CALLS_MAX[stage]


def test_a_job_leaves_no_cycles(cost: Mapping[str, float]) -> None:
    """Which is why load need not wake the garbage collector: see decision 10."""
    assert cost["cycles"] == 0.0


def test_a_job_is_seven_events_and_eleven_records(cost: Mapping[str, float]) -> None:
    """And the one record that asks for it."""
    assert (cost["events"], cost["records"]) == (7.0, 11.0)


@pytest.mark.parametrize(("what", "bytes_max"), [("stored_bytes", 4_480), ("published_bytes", 10_800)])
def test_no_more_bytes_are_stored_or_published(cost: Mapping[str, float], what: str, bytes_max: int) -> None:
    assert bytes_max / 2 < cost[what] <= bytes_max


def test_telemetry_makes_no_more_than_a_tenth_more_calls_a_job(cost: Mapping[str, float]) -> None:
    """Given somebody who traces every question and keeps as many as are kept by default; what is sent is sent elsewhere."""
    settings = RuntimeSettings(telemetry="console")
    spans = InMemorySpanExporter()
    telemetry = OtelTelemetry("any", settings, clock=CLOCK, span_exporter=spans, metric_exporter=KeptMetrics())

    traced = _measured(telemetry=telemetry, trace_ratio=settings.trace_ratio)
    asyncio.run(telemetry.close())

    assert _calls(cost) < _calls(traced) <= _calls(cost) * 1.1
    assert {each.name for each in spans.get_finished_spans()} >= {"execute", f"process {ORDERS}"}


def test_a_policy_makes_no_more_than_a_tenth_more_calls_a_job(cost: Mapping[str, float]) -> None:
    """Given one that asks for more than every policy does, and plans these jobs as the release would."""
    policy = compiled(read_document(POLICY), "canary/1")
    assert policy.reads - DEFAULT.reads

    async def asked() -> Policy:
        return policy

    planned = _measured(policy=asked)

    assert _calls(cost) < _calls(planned) <= _calls(cost) * 1.1
    assert (planned["events"], planned["records"]) == (cost["events"], cost["records"])


def _calls(cost: Mapping[str, float]) -> float:
    return sum(cost[stage] for stage in CALLS_MAX)
