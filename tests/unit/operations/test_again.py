"""Jobs made from others: asked again as they were, or gone on from a version; and two answers compared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from queuebit_contracts import events as ev
from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.compensations import Compensation
from queuebit_contracts.ids import attempt_id_of, derive_id
from queuebit_contracts.jobs import BACKEND_PARAM, PARAM_LENGTH_MAX, Cost, Problem, Usage
from queuebit_contracts.large import read_problem
from queuebit_contracts.operators import Parent
from queuebit_control_plane.handler import CommandHandler
from queuebit_domain.job import routing
from queuebit_domain.job.cached import Candidate, with_candidate
from queuebit_domain.job.codec import fold, read_event
from queuebit_domain.job.decide import decide
from queuebit_domain.job.messages import Wake
from queuebit_domain.job.timers import next_wake
from queuebit_operations.errors import BadArgument
from queuebit_operations.jobs.again import Changes, fork, rerun
from queuebit_operations.jobs.comparing import compare, compare_samples
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import StoredEvent
from tests.builders import JOB_ID, NOW, a_failure, a_submit, a_success, a_verdict, at
from tests.fakes.clocks import StoppedClock
from tests.unit.control_plane.handling import a_command

NEW_ID = derive_id(JOB_ID, "another")
PARENT = Parent(job_id=JOB_ID, version=1, role="rerun", actor="alice", reason="why")
PAID: dict[str, Any] = {"cost": Cost(amount="3"), "usage": Usage(wall_s=2.0)}


async def stored(*messages: Any) -> list[StoredEvent]:
    store = MemoryStore()
    handler = CommandHandler(store, StoppedClock(), appended=lambda: None)
    await handler.handle([a_command(message) for message in messages])
    return (await store.load([JOB_ID]))[JOB_ID]


async def test_a_rerun_asks_the_very_same_and_is_let_out_at_once() -> None:
    told = await stored(a_submit(), a_success(**PAID), a_verdict())
    queued = next(event for event in map(read_event, told) if isinstance(event, ev.JobQueued))

    events, job = rerun(told, NEW_ID, at(900), PARENT, Changes())

    assert [type(event).__name__ for event in events] == ["JobSubmitted", "JobPlanned"]
    assert events[1] == read_event(told[1])
    assert next_wake(job) == at(900)
    (order,), _ = decide(job, Wake(), at(900), NEW_ID)
    assert isinstance(order, ev.JobQueued)
    assert (order.seed, order.problem, order.params) == (queued.seed, queued.problem, queued.params)
    assert (order.attempt_id, order.deadline) == (attempt_id_of(NEW_ID, "primary-classical", 1), at(900 + 600))


async def test_a_rerun_asks_with_the_seed_that_ran_where_another_job_was_answered_by_the_same_run() -> None:
    """Given a job that asked for no seed, and was answered by the run of another one that asked the same."""
    of_another: dict[str, Any] = {"provenance": {"seed": 4711}, "evidence": {"from_attempt": str(NEW_ID)}}
    shared = await stored(a_submit(), a_success(**of_another), a_verdict())
    own = await stored(a_submit(), a_success(provenance={"seed": 4711}), a_verdict())
    queued = next(event for event in map(read_event, own) if isinstance(event, ev.JobQueued))

    seeds = [rerun(told, NEW_ID, at(900), PARENT, Changes())[0][0].request.seed for told in (shared, own)]  # type: ignore[union-attr]

    assert seeds == [4711, queued.seed]


async def test_what_stands_in_for_a_suspect_answer_lets_no_earlier_one_compete() -> None:
    asked = a_submit()
    found = Candidate(NEW_ID, NOW, True, {"side": [0, 1]})
    planned = with_candidate(routing.plan(asked.inputs), found, 10.0, alone=False)
    told = await stored(replace(asked, planned=planned))

    beside, instead = (rerun(told, NEW_ID, NOW, PARENT, Changes(), instead=each)[0][1] for each in (False, True))

    assert beside == planned
    assert isinstance(instead, ev.JobPlanned)
    assert instead.legs == routing.plan(asked.inputs).legs
    assert instead.reasons[-1] == "No earlier answer competes: the job stands in for one whose answer is suspect."


async def test_a_large_question_is_asked_again_word_for_word() -> None:
    edges = [[place, place + 1, 1] for place in range(3000)]
    large = Problem(kind="maxcut", version=1, statement={"nodes": 3001, "edges": edges})
    told = await stored(a_submit(problem=large), a_success(), a_verdict())

    (submitted, *_), job = rerun(told, NEW_ID, at(900), PARENT, Changes())
    (order,), _ = decide(job, Wake(), at(900), NEW_ID)

    assert isinstance(submitted, ev.JobSubmitted)
    assert isinstance(order, ev.JobQueued)
    for said in (submitted.request.problem, order.problem):
        assert read_problem(said) == large
    assert submitted.fingerprint == fingerprint(submitted.request)


async def test_what_is_asked_beside_another_undoes_nothing_of_it_and_takes_no_place() -> None:
    """Given a job that names steps back, and another whose place it takes, then a job that is made of it to see what comes of
    it does neither; one that counts in its place is undone by the same commands.
    """
    step = Compensation(name="release-slot", command="com.acme.ReleaseSlot", data={"slot": 17})
    asked = a_submit()
    event = asked.event.model_copy(update={"compensations": (step,), "supersedes": NEW_ID})
    told = await stored(replace(asked, event=event), a_success(), a_verdict())

    forked, _ = fork(told, 1, NEW_ID, NOW, PARENT, Changes())
    beside, _ = rerun(told, NEW_ID, NOW, PARENT, Changes())
    instead, _ = rerun(told, NEW_ID, NOW, PARENT, Changes(), instead=True)

    named = [(each.compensations, each.supersedes) for (each, *_) in (forked, beside, instead)]  # type: ignore[union-attr]
    assert named == [(None, None), (None, None), ((step,), None)]


async def test_a_rerun_on_another_lane_is_planned_for_it() -> None:
    told = await stored(a_submit(), a_success(), a_verdict())

    events, _ = rerun(told, NEW_ID, NOW, PARENT, Changes(lane="simulator"))

    assert isinstance(events[1], ev.JobPlanned)
    assert (events[1].rule, events[1].inputs["wish"]) == ("simulator-asked", "simulator")


async def test_where_the_data_of_a_job_may_go_nobody_widens_who_makes_another_of_it() -> None:
    bound = await stored(a_submit(params={"regions": "eu"}), a_success(), a_verdict())
    free = await stored(a_submit(), a_success(), a_verdict())

    with pytest.raises(BadArgument, match="where its data may go: eu"):
        rerun(bound, NEW_ID, NOW, PARENT, Changes(params={"regions": "us-east"}))

    for told, params in ((bound, {}), (bound, {"regions": "eu"}), (free, {"regions": "eu"})):
        (submitted, *_), _ = rerun(told, NEW_ID, NOW, PARENT, Changes(params=params))
        assert isinstance(submitted, ev.JobSubmitted)
        assert submitted.request.params.get("regions") == ("eu" if told is bound or params else None)


async def test_a_rerun_on_another_backend_differs_in_that_alone() -> None:
    told = await stored(a_submit("simulator", params={"shots": 100}), a_success("primary-simulator"))

    events, job = rerun(told, NEW_ID, NOW, PARENT, Changes(params={"backend": "other"}))

    assert events[1] == read_event(told[1])
    (order,), _ = decide(job, Wake(), NOW, NEW_ID)
    assert isinstance(order, ev.JobQueued)
    assert order.params == {"shots": 100, "backend": "other"}


async def test_a_backend_whose_name_no_job_may_have_is_refused_for_that_job_alone() -> None:
    told = await stored(a_submit(), a_success(), a_verdict())

    with pytest.raises(BadArgument, match="What is changed cannot be asked: params/backend: "):
        rerun(told, NEW_ID, NOW, PARENT, Changes(params={BACKEND_PARAM: "x" * (PARAM_LENGTH_MAX + 1)}))


async def test_a_fork_goes_on_from_what_was_over_and_pays_it_not_twice() -> None:
    told = await stored(
        a_submit("auto"),
        a_success("baseline-classical", **PAID),
        a_verdict("baseline-classical"),
    )
    names = [event.type for event in told]

    events, job = fork(told, len(told), NEW_ID, NOW, PARENT, Changes(params={"layers": 2}))

    made = [type(event).__name__ for event in events]
    assert names.count("JobQueued") == 2
    assert made == ["JobSubmitted", "JobPlanned", "JobQueued", "JobStarted", "ExecutionSucceeded", "ResultValidated"]
    assert next_wake(job) == NOW
    (order,), after = decide(job, Wake(), NOW, NEW_ID)
    assert isinstance(order, ev.JobQueued)
    assert (order.leg, order.params, order.hint) == ("primary-simulator", {"layers": 2}, {"side": [0, 1, 0, 1, 0, 1]})
    ended, _ = decide(after, a_failure("primary-simulator", attempt_id=order.attempt_id), NOW, NEW_ID)
    completed = ended[-1]
    assert isinstance(completed, ev.JobCompleted)
    assert completed.cost == Cost()


async def test_a_fork_says_what_it_cannot_do() -> None:
    told = await stored(a_submit(), a_success(), a_verdict())

    with pytest.raises(BadArgument, match="a lane, tier or budget cannot change behind it"):
        fork(told, 3, NEW_ID, NOW, PARENT, Changes(lane="rule"))
    with pytest.raises(BadArgument, match="the versions 1 to 7"):
        fork(told, 8, NEW_ID, NOW, PARENT, Changes())


async def test_every_fork_of_a_story_makes_sense() -> None:
    told = await stored(
        a_submit("auto"),
        a_failure("primary-simulator"),
        a_success("baseline-classical"),
        a_verdict("baseline-classical"),
    )
    for version in range(1, len(told) + 1):
        events, job = fork(told, version, NEW_ID, NOW, PARENT, Changes())
        assert next_wake(job) == NOW
        decided, _ = decide(job, Wake(), NOW, NEW_ID)
        assert decided != []
        assert len({event.attempt_id for event in events if isinstance(event, ev.JobQueued)}) == sum(
            isinstance(event, ev.JobQueued) for event in events
        )
    assert fold(told).state == "completed"  # type: ignore[union-attr]


def _completed(**changes: Any) -> ev.JobCompleted:
    base = {
        "kind": "maxcut",
        "answer": {},
        "verdict": "accepted",
        "confidence": {"value": 1.0},
        "leg": "primary-classical",
        "attempt_id": JOB_ID,
        "ran": {"lane": "classical", "method": "m", "backend": "b"},
        "elapsed_s": 1.0,
    }
    return ev.JobCompleted.model_validate({**base, **changes})


@pytest.mark.parametrize(
    ("first", "second", "sense", "finding"),
    [
        (6, 6, "max", "same"),
        (6, 7, "max", "better"),
        (6, 7, "min", "worse"),
        (6, 7, None, "differs"),
        (1e9, 1e9 * (1 + 1e-12), "min", "same"),
    ],
)
def test_objectives_are_compared_by_their_sense(first: float, second: float, sense: Any, finding: str) -> None:
    assert compare(_completed(objective=first), _completed(objective=second), sense).finding == finding


def test_estimates_are_compared_within_their_errors() -> None:
    def told(value: float, error: float) -> ev.JobCompleted:
        return _completed(answer={"value": value, "std_error": error})

    assert compare(told(1.0, 0.1), told(1.2, 0.1), "min").finding == "same"
    assert compare(told(1.0, 0.01), told(1.2, 0.01), "min").finding == "differs"


def test_samples_of_one_source_are_the_same_and_those_of_another_differ() -> None:
    fair = {"00": 498, "01": 262, "10": 240}
    again = {"00": 505, "01": 244, "10": 251}
    biased = {"00": 300, "01": 350, "10": 350}

    close, far = compare_samples(fair, again), compare_samples(fair, biased)

    assert (close.finding, far.finding) == ("same", "differs")
    assert far.distance == pytest.approx(0.198)
    assert far.interval is not None
    assert far.interval[0] > 0.15
    assert far.interval[1] < 0.25


def test_other_answers_are_the_same_or_not() -> None:
    assert compare(_completed(answer={"a": 1}), _completed(answer={"a": 1}), None).finding == "same"
    assert compare(_completed(answer={"a": 1}), _completed(answer={"a": 2}), None).finding == "differs"
