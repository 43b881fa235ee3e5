"""What the command handler counts: ends by state and in time or not, rejections by code, executions after the end."""

from __future__ import annotations

from queuebit_control_plane.handler import CommandHandler
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_store.memory import MemoryStore
from tests.builders import a_failure, a_submit, a_success, a_verdict, at
from tests.fakes.clocks import StoppedClock
from tests.fakes.telemetry import Listener
from tests.unit.control_plane.handling import a_command

Counts = dict[tuple[Metric, tuple[str, ...]], float]


def a_handler(ears: Listener, clock: StoppedClock) -> CommandHandler:
    return CommandHandler(MemoryStore(), clock, appended=lambda: None, telemetry=ears)


def counted(ears: Listener) -> Counts:
    return {key: count for key, count in ears.counts.items() if key[0] is not Metric.APPENDED}


async def test_an_execution_of_a_job_that_has_ended_is_late() -> None:
    ears = Listener()
    handler = a_handler(ears, StoppedClock())
    for message in (a_submit(), a_success(), a_verdict()):
        await handler.handle([a_command(message)])
    ended: Counts = {(Metric.JOBS_ENDED, ("completed",)): 1, (Metric.JOBS_DUE, ("interactive", "yes")): 1}
    assert counted(ears) == ended

    await handler.handle([a_command(a_success()), a_command(a_failure()), a_command(a_verdict())])

    assert counted(ears) == {**ended, (Metric.LATE_EXECUTIONS, ()): 2}


async def test_a_rejection_is_counted_by_its_code() -> None:
    ears, clock = Listener(), StoppedClock()
    handler = a_handler(ears, clock)
    clock.moment = at(61)

    for _ in range(2):
        await handler.handle([a_command(a_submit(deadline=at(60)))])

    assert counted(ears) == {(Metric.JOBS_ENDED, ("rejected",)): 1, (Metric.REJECTIONS, ("deadline_in_the_past",)): 1}


async def test_a_job_that_outlives_its_latency_budget_is_late_and_its_duration_is_split() -> None:
    """Given an answer that took 40 of 90 s where 60 were granted, then the job is late, and what was not its run was ours."""
    ears, clock = Listener(), StoppedClock()
    handler = a_handler(ears, clock)
    await handler.handle([a_command(a_submit())])
    clock.moment = at(90)
    success = a_success(started_at=at(10), finished_at=at(50))

    await handler.handle([a_command(success), a_command(a_verdict())])

    assert counted(ears) == {(Metric.JOBS_ENDED, ("completed",)): 1, (Metric.JOBS_DUE, ("interactive", "no")): 1}
    assert ears.observed == [
        (Metric.JOB_DURATION, 90, ("completed",)),
        (Metric.JOB_RUN_DURATION, 40, (success.lane,)),
        (Metric.JOB_OWN_DURATION, 50, ()),
    ]
