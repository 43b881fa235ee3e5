"""What was set aside against what is stored: it finds what was applied all the same, or twice, and else stays quiet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from queuebit_contracts.channels import ADMITTED, CONTROL, EXECUTIONS
from queuebit_contracts.errors import MalformedEnvelope
from queuebit_contracts.ids import derive_id
from queuebit_operations.scan.port import EventRow, Stream
from queuebit_operations.verification.set_aside import SetAside
from queuebit_runtime.bus.dead_letters.letter import Origin, dead_letter_of
from queuebit_runtime.bus.dead_letters.marks import Became, Mark, mark_record
from queuebit_runtime.bus.port import Outgoing, Record
from queuebit_store.memory import MemoryStore
from tests.builders import NOW
from tests.fakes.histories import as_rows, tell_jobs

HOUR = timedelta(hours=1)
LATER = NOW + HOUR
KEY_OF_NOBODY = b"nobody"


async def a_job() -> Stream:
    """Its reports were applied as messages 1 and 2, its verdict as message 3, at NOW and some seconds."""
    store = MemoryStore()
    (job_id,) = await tell_jobs(store, [1])
    return Stream(job_id, None, as_rows((await store.load([job_id]))[job_id]))


def letter(
    job: Stream, message: int, *, topic: str = EXECUTIONS, at: datetime = NOW - HOUR, offset: int = 5, key: bytes = b""
) -> Outgoing:
    cause = derive_id(job.stream_id, f"message {message}")
    record = Record(topic, 0, offset, key or str(job.stream_id).encode(), b"{}", (("ce_id", str(cause).encode()),))
    return dead_letter_of(record, MalformedEnvelope("x", remedy="y"), "control-plane", "control-plane", at)


def mark(became: Became, *, offset: int = 5) -> Outgoing:
    origin = Origin(EXECUTIONS, 0, offset)
    return mark_record(Mark(became, "alice", "mended", NOW, origin, b"key", redrive="first"), "control-plane")


def found(job: Stream, *said: Outgoing, before: datetime = LATER) -> list[tuple[str, str]]:
    """The checks that find something in the job, after the dead letters and marks."""
    set_aside = SetAside()
    set_aside.hear(
        [Record(each.topic, 0, at, each.key, each.value, tuple(each.headers)) for at, each in enumerate(said)]
    )
    set_aside.settle()
    return [(each.check, each.subject) for each in set_aside.look_at(job, before)]


def with_cause(job: Stream, version: int, message: int) -> Stream:
    """The same job, as if that version had followed from that message."""
    cause = derive_id(job.stream_id, f"message {message}")
    events: Sequence[EventRow] = [
        each._replace(causation_id=cause) if each.version == version else each for each in job.events
    ]
    return Stream(job.stream_id, None, events)


@pytest.mark.parametrize("marks", [(), ("quarantined",)])
async def test_what_was_applied_while_it_lay_open_is_found(marks: Sequence[Became]) -> None:
    job = await a_job()

    assert found(job, letter(job, 2), *map(mark, marks)) == [("applied_though_set_aside", str(job.stream_id))]


@pytest.mark.parametrize("became", ["redriven", "dropped", "edited"])
async def test_what_is_settled_may_be_applied(became: Became) -> None:
    job = await a_job()

    assert found(job, letter(job, 2), mark(became)) == []
    assert found(job, letter(job, 2), mark(became), mark("quarantined")) == []


async def test_what_was_applied_before_may_come_again_and_wait_and_a_redrive_may_go_on() -> None:
    """Given a record that was delivered once more behind another's letter, or one whose mark may not be there yet."""
    job = await a_job()

    assert found(job, letter(job, 2, at=LATER)) == []
    assert found(job, letter(job, 2, at=NOW)) == []
    assert found(job, letter(job, 2), before=NOW) == []


async def test_what_fails_again_after_it_was_sent_again_is_open_again() -> None:
    job = await a_job()

    again = letter(job, 2, offset=9)
    assert found(job, letter(job, 2), mark("redriven"), again) == [("applied_though_set_aside", str(job.stream_id))]
    assert found(job, letter(job, 2), mark("redriven"), again, mark("redriven", offset=9)) == []


async def test_what_was_sent_again_and_decided_on_twice_is_found() -> None:
    job = await a_job()
    twice = with_cause(job, 6, 1)

    assert found(twice, letter(job, 1), mark("redriven")) == [("applied_twice", str(job.stream_id))]
    assert found(job, letter(job, 3), mark("redriven")) == []
    assert found(twice, letter(job, 1), mark("dropped")) == []


async def test_it_stays_quiet_about_questions_what_all_hear_and_what_names_no_job() -> None:
    job = await a_job()
    unnamed = letter(job, 2)
    headers = [each for each in unnamed.headers if each[0] != "ce_id"]

    assert found(job, letter(job, 0, topic=ADMITTED), letter(job, 2, topic=CONTROL)) == []
    assert found(job, letter(job, 2, key=KEY_OF_NOBODY), unnamed._replace(headers=headers)) == []
    assert found(job, mark("redriven")) == []


async def test_it_knows_which_jobs_it_has_to_look_at() -> None:
    job = await a_job()
    set_aside = SetAside()
    said = letter(job, 2)
    set_aside.hear([Record(said.topic, 0, 0, said.key, said.value, tuple(said.headers))])
    set_aside.settle()

    assert set_aside.has(job.stream_id)
    assert not set_aside.has(UUID(int=1))
