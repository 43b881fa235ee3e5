"""What two control planes let out at a time, and asks the same, meets at one worker: on one store, for both adapters."""

from __future__ import annotations

import asyncio
from uuid import UUID

from queuebit_contracts.channels import LIFECYCLE, queued
from queuebit_contracts.ids import uuid7
from queuebit_contracts.jobs import Problem
from queuebit_control_plane.handler import CommandHandler, InboundCommand
from queuebit_control_plane.relay.relay import records_of
from queuebit_domain.job.messages import Submit
from queuebit_runtime.bus.port import Outgoing
from queuebit_store.ports import Position
from tests.builders import NOW, a_submit
from tests.contract.store.conftest import OpenSession
from tests.fakes.clocks import StoppedClock

ORDERS = queued("classical", "interactive")
EDGES = [[i, j, 1 + i * j % 7] for j in range(20) for i in range(j)]
JOBS = [uuid7(int(NOW.timestamp() * 1000), nth) for nth in range(8)]


def a_question(job_id: UUID, weight: int = 1) -> InboundCommand:
    problem = Problem(kind="maxcut", statement={"nodes": 20, "edges": [[0, 1, weight], *EDGES[1:]]})
    message: Submit = a_submit(job_id=job_id, problem=problem)
    return InboundCommand(job_id, message, uuid7(int(NOW.timestamp() * 1000), 100 + job_id.int % 97), "acme", None)


async def test_questions_of_two_control_planes_lie_on_one_partition(open_session: OpenSession) -> None:
    """Given eight jobs of a tenant that ask the same, four on each control plane, and two that ask something else, then the
    orders of the eight have one key, and all that is told of a job has the key of that.
    """
    one, other = (
        CommandHandler(await open_session(), StoppedClock(), appended=lambda: None),
        CommandHandler(await open_session(), StoppedClock(), appended=lambda: None),
    )
    others = [uuid7(int(NOW.timestamp() * 1000), 50 + nth) for nth in range(2)]

    undecided = await asyncio.gather(
        one.handle([*map(a_question, JOBS[:4]), a_question(others[0], 2)]),
        other.handle([*map(a_question, JOBS[4:]), a_question(others[1], 3)]),
    )
    said = records_of(await (await open_session()).read(Position(), limit=1000), NOW)

    def keys(topic: str, jobs: list[UUID]) -> set[bytes]:
        return {each.key for each in said if each.topic == topic and _job(each) in jobs}

    assert list(undecided) == [[], []]
    assert len([each for each in said if each.topic == ORDERS]) == len(JOBS) + len(others)
    assert len(keys(ORDERS, JOBS)) == 1
    assert len(keys(ORDERS, JOBS) | keys(ORDERS, others[:1]) | keys(ORDERS, others[1:])) == 3
    assert all(each.key == str(_job(each)).encode() for each in said if each.topic == LIFECYCLE)


def _job(record: Outgoing) -> UUID:
    return UUID(dict(record.headers)["ce_subject"].decode())
