"""Jobs in memory are bounded in number and in bytes."""

from __future__ import annotations

from uuid import UUID

from queuebit_control_plane.remembered import Kept, Remembered, weight_of
from queuebit_domain.job.decide import decide
from queuebit_domain.job.state import NoJob, OpenJob
from tests.builders import JOB_ID, NOW, a_submit


def kept(size_bytes: int) -> Kept:
    _, job = decide(NoJob(), a_submit(), NOW, JOB_ID)
    assert isinstance(job, OpenJob)
    return Kept(3, job, None, size_bytes)


def test_the_oldest_make_room_for_bytes() -> None:
    remembered = Remembered(jobs_max=10, bytes_max=100)

    for number in range(5):
        remembered.keep(UUID(int=number), kept(40))
    remembered.keep(UUID(int=9), kept(1000))

    assert ([remembered.take(UUID(int=number)) for number in (0, 1, 2, 3, 4, 9)], remembered.size_bytes) == (
        [None] * 6,
        0,
    )


def test_the_oldest_make_room_for_jobs_and_what_is_taken_is_gone() -> None:
    remembered = Remembered(jobs_max=2, bytes_max=100)

    for number in range(3):
        remembered.keep(UUID(int=number), kept(10))

    assert remembered.take(UUID(int=0)) is None
    assert remembered.take(UUID(int=2)) == kept(10)
    assert (len(remembered), remembered.size_bytes) == (1, 10)


def test_small_statements_are_objects_and_large_ones_text() -> None:
    assert [weight_of("JobSubmitted", size) for size in (1000, 3_000_000)] == [12_000, 3_000_000]
    assert weight_of("JobQueued", 3_000_000) == 0
    assert [weight_of("JobPlanned", size) for size in (3_000, 100_000)] == [0, 1_200_000]
