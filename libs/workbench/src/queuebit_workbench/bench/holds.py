"""How long reading and admitting what a stranger sends holds an event loop, and any process."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson

from queuebit_gateway.asker import Asker
from queuebit_gateway.http.admission import Reader
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.questions import Keyed
from queuebit_problems.registry import usable_kinds
from queuebit_runtime.processes.bounded_work import LARGE_BYTES, BoundedWork
from queuebit_runtime.service.interpreter import calm_collector

ASKER = Asker("acme")
NOTHING: Mapping[str, bytes] = MappingProxyType({})
_HEAD = 'OPENQASM 3.0; include "stdgates.inc";'
_IF = "if (c == 1) { "


@dataclass(frozen=True, slots=True)
class Hold:
    """One body: how it was answered, the processor time that the event loop was held at one go, the time until the answer, and
    whether a worker process read it.
    """

    code: str
    loop_s: float
    took_s: float
    elsewhere: bool


def bodies() -> dict[str, bytes]:
    """Bodies of at most `LARGE_BYTES` that have been costly, or are meant to be."""
    room = LARGE_BYTES - 2_000
    nested = f"{_HEAD} qubit[2] q; bit[8] c; c[0] = measure q[0]; {_IF * 20}x q[0];{' }' * 20}"
    wide = f"{_HEAD} qubit[1] q; bit[1000] c; c[0] = measure q[0]; for int i in [0:200] {{ if (c == 5) {{ x q[0]; }} }}"
    cities = [[i % 997, i * 31 % 991] for i in range(room // 11)]
    shop = [[[(i + k) % 10, 1 + k] for k in range(10)] for i in range(500)]
    found = {
        "an unterminated string of escaped quotes": b'{"a": "' + b'\\"' * (room // 2),
        "brackets": b"[" * room,
        "many unknown fields": orjson.dumps({f"f{i}": 1 for i in range(room // 14)}),
        "conditions in conditions": _body("circuit_sampling", {"qasm": nested}),
        "wide conditions in a loop": _body("circuit_sampling", {"qasm": wide}),
        "a long tour": _body("tsp", {"metric": "EUC_2D", "coordinates": cities[:2000]}),
        "a large shop": _body("job_shop", {"machines": 10, "jobs": shop}),
        "numbers that are none": _body("maxcut", {"nodes": 5, "edges": ["x"] * (room // 4)}),
        "a graph": _body("maxcut", {"nodes": 4000, "edges": [[i, i + 1, 1] for i in range(3900)]}),
        "a small graph": _body("maxcut", {"nodes": 200, "edges": [[i, i + 1, 1] for i in range(199)]}),
    }
    assert all(len(body) <= LARGE_BYTES for body in found.values())
    return found


def batches() -> dict[str, bytes]:
    """Batches of at most `LARGE_BYTES`, of as many jobs as there is room for."""
    triangle = {"kind": "maxcut", "statement": {"nodes": 3, "edges": [[0, 1, 1], [1, 2, 1], [0, 2, 1]]}}
    wrong = {"kind": "maxcut", "statement": {"nodes": 3, "edges": ["x"] * 6}}
    jobs: dict[str, list[Any]] = {
        "a batch of triangles": [{"idempotency_key": f"{nth}", "problem": triangle} for nth in range(500)],
        "a batch of jobs that are none": [{} for _ in range(1000)],
        "a batch of wrong statements": [{"idempotency_key": f"{nth}", "problem": wrong} for nth in range(500)],
    }
    found = {name: orjson.dumps({"jobs": some}) for name, some in jobs.items()}
    assert all(len(body) <= LARGE_BYTES for body in found.values())
    return found


async def measure_holds(
    work: BoundedWork, wanted: Mapping[str, bytes], many: Mapping[str, bytes] = NOTHING
) -> dict[str, Hold]:
    """Read each body, and each batch of `many`, once as the gateway does, alone, after one that warms the processes up.

    The collector is calmed as in a service: awake as it is elsewhere, one walk of it holds a loop for a tenth of a second.
    """
    usable_kinds()
    reader = Reader(work)

    async def one(body: bytes) -> str:
        await reader.read(body, ASKER)
        return "admitted"

    async def batch(body: bytes) -> str:
        read = await reader.read_all(body, ASKER, lambda _jobs: None)
        return f"{sum(isinstance(each, Keyed) for each in read)} of {len(read)} admitted"

    with _calm():
        await _hold(one, work, _body("maxcut", {"nodes": 900, "edges": [[i, i + 1, 1] for i in range(800)]}))
        alone = {name: await _hold(one, work, body) for name, body in wanted.items()}
        return alone | {name: await _hold(batch, work, body) for name, body in many.items()}


@contextmanager
def _calm() -> Iterator[None]:
    before = gc.get_threshold()
    calm_collector()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


async def _hold(read: Callable[[bytes], Awaitable[str]], work: BoundedWork, body: bytes) -> Hold:
    runs, began_s = work.runs, time.perf_counter()
    watch = asyncio.create_task(_longest_turn())
    await asyncio.sleep(0)
    try:
        code = await read(body)
    except Refusal as refusal:
        code = refusal.problem.code
    took_s = time.perf_counter() - began_s
    await asyncio.sleep(0)
    watch.cancel()
    return Hold(code, await watch, took_s, work.runs > runs)


async def _longest_turn() -> float:
    """The most processor time that the loop's thread used between two turns of this task, until it is cancelled."""
    longest_s, last_s = 0.0, time.thread_time()
    try:
        while True:
            await asyncio.sleep(0)
            now_s = time.thread_time()
            longest_s, last_s = max(longest_s, now_s - last_s), now_s
    except asyncio.CancelledError:
        return longest_s


def _body(kind: str, statement: object) -> bytes:
    return orjson.dumps({"problem": {"kind": kind, "statement": statement}})
