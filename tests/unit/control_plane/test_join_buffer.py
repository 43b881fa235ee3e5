"""Executions that wait for their verdicts: what is let go, when, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from queuebit_control_plane.handler import InboundCommand
from queuebit_control_plane.inbound.join_buffer import JoinBuffer, PendingMessage
from queuebit_domain.job.messages import Cancel, Message
from queuebit_runtime.bus.port import Record
from tests.builders import JOB_ID, a_failure, a_success, a_verdict

OTHER = UUID(int=7)
EXECUTION, VERDICT = a_success(), a_verdict()


class OneDelivery:
    """Knows nothing but itself."""

    records: Sequence[Record] = ()

    def done(self, record: Record) -> None: ...

    def done_all(self) -> None: ...

    def wanted(self, record: Record) -> bool:
        return True


FIRST, SECOND = OneDelivery(), OneDelivery()


def a_command(message: Message, job_id: UUID = JOB_ID, offset: int = 0) -> InboundCommand:
    return InboundCommand(job_id, message, UUID(int=offset + 1), record=Record("topic", 0, offset, b"", b"", ()))


def join_buffer(held_max: int = 10) -> JoinBuffer:
    return JoinBuffer(patience_s=0.5, held_max=held_max)


def test_an_execution_waits_for_its_verdict_and_both_come_together() -> None:
    pairs = join_buffer()

    assert pairs.take([a_command(EXECUTION)], FIRST, 0.0) == []
    assert len(pairs) == 1
    assert pairs.take([a_command(VERDICT, offset=1)], SECOND, 0.1) == [
        PendingMessage(a_command(EXECUTION), FIRST),
        PendingMessage(a_command(VERDICT, offset=1), SECOND),
    ]
    assert pairs.wait_s(0.1) is None


def test_it_does_not_wait_where_the_verdict_is_in_the_same_batch_or_came_before() -> None:
    pairs = join_buffer()

    together = [a_command(VERDICT), a_command(EXECUTION, offset=1)]
    assert [each.command for each in pairs.take(together, FIRST, 0.0)] == together
    assert len(pairs) == 0

    late = join_buffer()
    assert [each.command for each in late.take([a_command(VERDICT)], FIRST, 0.0)] == [a_command(VERDICT)]
    assert [each.command for each in late.take([a_command(EXECUTION, offset=1)], FIRST, 0.0)] == [
        a_command(EXECUTION, offset=1)
    ]


def test_any_other_message_about_the_job_lets_it_go_first_and_other_jobs_do_not() -> None:
    pairs = join_buffer()
    pairs.take([a_command(EXECUTION)], FIRST, 0.0)

    assert [each.command for each in pairs.take([a_command(a_failure(), OTHER, 1)], SECOND, 0.0)] == [
        a_command(a_failure(), OTHER, 1)
    ]
    withdrawn = a_command(Cancel("acme", "me", ""), offset=2)
    assert [each.command for each in pairs.take([withdrawn], SECOND, 0.0)] == [a_command(EXECUTION), withdrawn]


def test_its_patience_ends() -> None:
    pairs = join_buffer()
    pairs.take([a_command(EXECUTION)], FIRST, 1.0)

    assert pairs.wait_s(1.2) == 1.5 - 1.2
    assert pairs.due(1.4) == []
    assert pairs.due(1.5) == [PendingMessage(a_command(EXECUTION), FIRST)]
    assert pairs.wait_s(1.5) is None


def test_no_more_jobs_wait_than_may() -> None:
    pairs = join_buffer(held_max=1)
    pairs.take([a_command(EXECUTION, OTHER)], FIRST, 0.0)

    assert [each.command for each in pairs.take([a_command(EXECUTION)], FIRST, 0.0)] == [a_command(EXECUTION)]


def test_after_a_failure_nothing_of_the_failed_delivery_waits_and_the_rest_is_due_at_once() -> None:
    """Given one execution of an earlier delivery and one of the failed, when deciding fails, then the bus brings the latter."""
    pairs = join_buffer()
    pairs.take([a_command(EXECUTION)], FIRST, 0.0)
    ready = pairs.take([a_command(EXECUTION, OTHER, 1), a_command(VERDICT, offset=2)], SECOND, 0.1)

    pairs.restore(ready, SECOND, 0.2)

    assert pairs.due(0.2) == [PendingMessage(a_command(EXECUTION), FIRST)]
