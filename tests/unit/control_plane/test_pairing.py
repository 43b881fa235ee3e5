"""Executions that wait for their verdicts: what is let go, when, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from queuebit_control_plane.handler import Told
from queuebit_control_plane.inbound.join_buffer import Open, Pairing
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


def told(message: Message, job_id: UUID = JOB_ID, offset: int = 0) -> Told:
    return Told(job_id, message, UUID(int=offset + 1), record=Record("topic", 0, offset, b"", b"", ()))


def pairing(held_max: int = 10) -> Pairing:
    return Pairing(patience_s=0.5, held_max=held_max)


def test_an_execution_waits_for_its_verdict_and_both_come_together() -> None:
    pairs = pairing()

    assert pairs.take([told(EXECUTION)], FIRST, 0.0) == []
    assert len(pairs) == 1
    assert pairs.take([told(VERDICT, offset=1)], SECOND, 0.1) == [
        Open(told(EXECUTION), FIRST),
        Open(told(VERDICT, offset=1), SECOND),
    ]
    assert pairs.wait_s(0.1) is None


def test_it_does_not_wait_where_the_verdict_is_in_the_same_batch_or_came_before() -> None:
    pairs = pairing()

    together = [told(VERDICT), told(EXECUTION, offset=1)]
    assert [each.told for each in pairs.take(together, FIRST, 0.0)] == together
    assert len(pairs) == 0

    late = pairing()
    assert [each.told for each in late.take([told(VERDICT)], FIRST, 0.0)] == [told(VERDICT)]
    assert [each.told for each in late.take([told(EXECUTION, offset=1)], FIRST, 0.0)] == [told(EXECUTION, offset=1)]


def test_any_other_message_about_the_job_lets_it_go_first_and_other_jobs_do_not() -> None:
    pairs = pairing()
    pairs.take([told(EXECUTION)], FIRST, 0.0)

    assert [each.told for each in pairs.take([told(a_failure(), OTHER, 1)], SECOND, 0.0)] == [
        told(a_failure(), OTHER, 1)
    ]
    withdrawn = told(Cancel("acme", "me", ""), offset=2)
    assert [each.told for each in pairs.take([withdrawn], SECOND, 0.0)] == [told(EXECUTION), withdrawn]


def test_its_patience_ends() -> None:
    pairs = pairing()
    pairs.take([told(EXECUTION)], FIRST, 1.0)

    assert pairs.wait_s(1.2) == 1.5 - 1.2
    assert pairs.due(1.4) == []
    assert pairs.due(1.5) == [Open(told(EXECUTION), FIRST)]
    assert pairs.wait_s(1.5) is None


def test_no_more_jobs_wait_than_may() -> None:
    pairs = pairing(held_max=1)
    pairs.take([told(EXECUTION, OTHER)], FIRST, 0.0)

    assert [each.told for each in pairs.take([told(EXECUTION)], FIRST, 0.0)] == [told(EXECUTION)]


def test_after_a_failure_nothing_of_the_failed_delivery_waits_and_the_rest_is_due_at_once() -> None:
    """Given one execution of an earlier delivery and one of the failed, when deciding fails, then the bus brings the latter."""
    pairs = pairing()
    pairs.take([told(EXECUTION)], FIRST, 0.0)
    ready = pairs.take([told(EXECUTION, OTHER, 1), told(VERDICT, offset=2)], SECOND, 0.1)

    pairs.restore(ready, SECOND, 0.2)

    assert pairs.due(0.2) == [Open(told(EXECUTION), FIRST)]
