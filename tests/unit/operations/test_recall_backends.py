"""A recall behind a hold on a backend: it takes back what is out on a lane that has no other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.channels import BACKENDS
from queuebit_contracts.envelope import Envelope, encode_data, encode_headers
from queuebit_contracts.events import BackendStatusReported
from queuebit_contracts.operators import HoldPlaced
from queuebit_operations.bulk.operation import Operation
from queuebit_operations.holding.backends import known_backends
from queuebit_operations.holding.register import HoldRegister
from queuebit_operations.jobs.acting import RECALL, act_of
from queuebit_operations.records.port import Place, Span
from queuebit_runtime.bus.port import Record
from queuebit_store.memory import MemoryStore
from tests.builders import NOW
from tests.fakes.clocks import StoppedClock
from tests.fakes.histories import tell_jobs

OPERATION = Operation(1, RECALL, {}, 1, "ann", NOW)


class Topic:
    """The topic of reports."""

    def __init__(self, *records: Record) -> None:
        self._records = records

    async def spans(self, topics: Collection[str]) -> dict[Place, Span]:
        assert list(topics) == [BACKENDS]
        return {Place(BACKENDS, 0): Span(0, len(self._records))}

    async def read(self, spans: Mapping[Place, Span]) -> AsyncIterator[Sequence[Record]]:
        yield self._records


def report(backend: str, *, available: bool = True, age_s: float = 1, lane: Any = "simulator") -> Record:
    status = BackendStatusReported(backend=backend, lane=lane, available=available)
    envelope = Envelope(UUID(int=1), "/adapter", backend, NOW - timedelta(seconds=age_s), status)
    return Record(BACKENDS, 0, 0, backend.encode(), encode_data(status), tuple(encode_headers(envelope)))


async def test_the_backends_of_a_lane_are_those_that_reported_lately() -> None:
    garbage = Record(BACKENDS, 0, 0, b"x", b"{", ())
    topic: Any = Topic(
        report("a"), report("b", age_s=1000), report("c", available=False), garbage, report("d", lane="quantum")
    )

    assert await known_backends(topic, NOW) == {"simulator": {"a"}, "quantum": {"d"}}


@pytest.mark.parametrize(
    ("backends", "outcome"),
    [
        ({"simulator": frozenset({"bad"})}, "recalled"),
        ({"simulator": frozenset({"bad", "good"})}, "nothing to do"),
        ({}, "nothing to do"),
    ],
)
async def test_what_is_out_on_a_lane_whose_backends_are_all_held_is_taken_back(backends: Any, outcome: str) -> None:
    store, clock = MemoryStore(), StoppedClock()
    (job_id,) = await tell_jobs(store, [1], then=[], lane="simulator")
    wanted = HoldPlaced(why="quarantine", scope="backend", value="bad", actor="ann", reason="wrong answers")
    await HoldRegister(store, clock).place(wanted)

    step = await act_of(RECALL, store, clock, UUID(int=7), backends=backends)([str(job_id)], OPERATION)

    assert step.outcomes == {str(job_id): outcome}
