"""The story of a job: what each event changed, and what is said where events are missing."""

from __future__ import annotations

from datetime import timedelta

from queuebit_operations.inspection.story import Change, Until, story_of
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import StoredEvent
from tests.builders import NOW
from tests.fakes.histories import tell_jobs


async def a_stream() -> list[StoredEvent]:
    store = MemoryStore()
    (job_id,) = await tell_jobs(store, [1])
    return (await store.load([job_id]))[job_id]


async def test_each_event_has_the_state_behind_it() -> None:
    steps = story_of(await a_stream())

    assert [(step.event.type, step.state and step.state["state"]) for step in steps] == [
        ("JobSubmitted", "submitted"),
        ("JobPlanned", "planned"),
        ("JobQueued", "queued"),
        ("JobStarted", "running"),
        ("ExecutionSucceeded", "validating"),
        ("ResultValidated", "planned"),
        ("JobCompleted", "completed"),
    ]


async def test_an_event_names_what_it_changed_and_why() -> None:
    started, validated = story_of(await a_stream())[3], story_of(await a_stream())[5]

    assert Change("/legs/primary-classical/started", False, True) in started.changes
    assert Change("/state", "queued", "running") in started.changes
    assert validated.reasons == ("verdict accepted", "recomputed")


async def test_a_missing_event_ends_the_story_and_is_named() -> None:
    events = await a_stream()

    steps = story_of([*events[:2], *events[3:]])

    assert [step.problem for step in steps[:2]] == [None, None]
    assert {step.problem for step in steps[2:]} == {"The version is 4 where 3 is due: events are missing."}
    assert [step.state for step in steps[2:]] == [None] * 4


async def test_data_that_cannot_be_read_ends_the_story_and_is_named() -> None:
    events = await a_stream()

    steps = story_of([events[0], events[1]._replace(data="{}"), *events[2:]])

    assert steps[0].problem is None
    assert steps[1].problem is not None
    assert steps[1].problem.startswith("The event cannot be folded: ")
    assert steps[-1].problem == steps[1].problem


async def test_the_story_ends_where_it_is_asked_to() -> None:
    events = await a_stream()
    early = NOW + timedelta(seconds=1)

    assert [event.version for event in events if Until(version=4).includes(event)] == [1, 2, 3, 4]
    assert [event.version for event in events if Until(at=early).includes(event)] == [1, 2, 3, 4]
    assert [event.version for event in events if Until().includes(event)] == [1, 2, 3, 4, 5, 6, 7]


async def test_nothing_of_the_question_is_in_the_story() -> None:
    documents = [step.document() for step in story_of(await a_stream())]

    assert "edges" not in str(documents)
    assert "'side'" not in str(documents)
