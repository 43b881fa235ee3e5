"""The jobs of the benchmark, as an upstream service publishes them."""

from __future__ import annotations

import random
from collections.abc import Callable

import orjson

from queuebit_contracts.envelope import binary_headers, rfc3339
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.ids import job_id_of, uuid7
from queuebit_contracts.registry import type_bytes_of
from queuebit_runtime.clock import Clock
from queuebit_runtime.telemetry.trace_context import fresh_traceparent
from queuebit_workbench.bench.bare_steps import NODES, graph
from queuebit_workbench.bench.driver import Question

TENANT = "bench"
SOURCE = "/queuebit/bench"


def upstream(clock: Clock, seed: int, *, trace_ratio: float | None = None) -> Callable[[], Question]:
    """Makes one max-cut job after another, each with its own weights and a UUIDv7 as idempotency key.

    With `trace_ratio` each begins a trace, of which that share is kept.
    """
    numbers = random.Random(seed)
    ce_type = type_bytes_of(JobSubmitted)

    def ask() -> Question:
        now = clock.now()
        key = uuid7(int(now.timestamp() * 1000), numbers.getrandbits(74))
        job_id = str(job_id_of(TENANT, key))
        problem = {"kind": "maxcut", "statement": {"nodes": NODES, "edges": graph(numbers)}}
        request = {"tenant": TENANT, "problem": problem, "lane": "classical", "seed": 7}
        value = orjson.dumps({"request": request, "idempotency_key": str(key)})
        trace = None if trace_ratio is None else fresh_traceparent(key, trace_ratio)
        headers = binary_headers(
            key, SOURCE, ce_type, job_id, rfc3339(now), tenant=TENANT, version=None, traceparent=trace
        )
        return Question(job_id.encode(), value, tuple(headers))

    return ask
