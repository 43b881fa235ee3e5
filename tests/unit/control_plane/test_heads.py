"""Heads folded again are those that were written, though less is read for them."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from uuid import UUID

import pytest

from queuebit_contracts.envelope import encode_data
from queuebit_contracts.errors import InvalidData
from queuebit_contracts.jobs import TERMINAL_STATES
from queuebit_contracts.registry import name_of
from queuebit_control_plane.heads import HEADS
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.state import NoJob
from queuebit_domain.job.summary import PLACE, as_stored, summary_of
from queuebit_domain.job.timers import next_wake
from queuebit_store.log.port import FoldedEvent
from queuebit_store.ports import Head
from tests.builders import JOB_ID, NOW, a_submit, a_success, a_verdict
from tests.fakes.told_jobs import told_jobs
from tests.unit.control_plane.given import Story
from tests.unit.control_plane.planned import PRIMARY, answers, submitted
from tests.unit.control_plane.planned import told as after_all

(JOBS, _) = HEADS


@pytest.fixture(scope="module")
def told() -> dict[UUID, tuple[list[FoldedEvent], Head]]:
    """Jobs that heard anything, each with the head that was written with its last event."""
    events: dict[UUID, list[FoldedEvent]] = defaultdict(list)
    heads = {}
    for each in told_jobs(Random(7), 400):
        found = events[each.stream_id]
        for new in each.events:
            assert new.payload is None
            found.append(FoldedEvent(each.stream_id, len(found) + 1, new.type, new.schema_version, new.data, new.time))
        heads[each.stream_id] = each.head
    return {stream_id: (stream, heads[stream_id]) for stream_id, stream in events.items()}


def test_the_head_of_every_story_is_the_one_that_was_written(told: dict[UUID, tuple[list[FoldedEvent], Head]]) -> None:
    assert {head.state for _, head in told.values()} >= TERMINAL_STATES - {"rejected"}
    for stream, head in told.values():
        assert JOBS.fold(stream) == head


def of_one_that_completed(told: dict[UUID, tuple[list[FoldedEvent], Head]]) -> list[FoldedEvent]:
    return next(stream for stream, _ in told.values() if stream[-1].type == "JobCompleted")


def test_what_stands_where_it_makes_no_sense_is_still_refused(
    told: dict[UUID, tuple[list[FoldedEvent], Head]],
) -> None:
    """Given an ended job that was submitted twice, then it is corrupt; so it is where its first event is missing."""
    stream = of_one_that_completed(told)
    first, *rest = stream
    again = [first, first._replace(version=2), *(each._replace(version=each.version + 1) for each in rest)]
    with pytest.raises(CorruptStream):
        JOBS.fold(again)
    with pytest.raises(CorruptStream):
        JOBS.fold([each._replace(version=each.version - 1) for each in rest])


def test_an_event_between_that_cannot_be_read_is_still_told(
    told: dict[UUID, tuple[list[FoldedEvent], Head]],
) -> None:
    stream = of_one_that_completed(told)
    place = next(number for number, each in enumerate(stream) if each.type == "JobQueued")
    with pytest.raises(InvalidData, match="JobQueued"):
        JOBS.fold([*stream[:place], stream[place]._replace(data="{}"), *stream[place + 1 :]])


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        ({}, {}),
        ({"team": "x"}, {}),
        ({"project": "routes", "team": "x"}, {"project": "routes"}),
        ({"project": "routes", "environment": "dev"}, {"project": "routes", "environment": "dev"}),
    ],
    ids=str,
)
def test_a_head_names_project_and_environment_of_a_job_to_its_end(
    labels: dict[str, str], named: dict[str, str]
) -> None:
    begun = Story(NoJob()).when(a_submit(labels=labels))
    done = Story(begun.job).when(a_success()).when(a_verdict())
    heads = [summary_of(each.job) for each in (begun, done)]

    assert [each.state for each in heads] == ["queued", "completed"]
    for head in heads:
        assert {name: value for name, value in head.attributes.items() if name in PLACE} == named
        assert as_stored(head, head.attributes) == head
        before = {name: value for name, value in head.attributes.items() if name not in PLACE}
        assert as_stored(head, before) == head._replace(attributes=before)


def test_the_head_of_a_job_whose_legs_go_on_rings_for_them() -> None:
    """Given an answer while an upgrade is still at work, then the head folded from facts is that of the whole story."""
    upgrade = {"role": "baseline", "lane": "quantum", "after_end": "improve"}
    begun = Story(NoJob()).when(submitted(PRIMARY, upgrade))
    done = after_all(begun, answers("primary-classical", 4))
    stream = [
        FoldedEvent(JOB_ID, place, name_of(type(event)), event.schema_version, encode_data(event).decode(), NOW)
        for place, event in enumerate((*begun.events, *done.events), start=1)
    ]

    head = JOBS.fold(stream)

    assert (head.state, head.wake_at) == ("completed", next_wake(done.job))
    assert head.wake_at is not None
