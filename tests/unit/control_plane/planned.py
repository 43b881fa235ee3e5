"""Jobs whose plan is written out: the legs of a document, and what the lanes say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.events import JobEvent
from queuebit_contracts.jobs import Confidence
from queuebit_domain.job import routing
from queuebit_domain.job.evolve import evolve
from queuebit_domain.job.messages import Message, Submit
from queuebit_domain.job.state import Job, NoJob
from queuebit_domain.job.timers import next_wake
from tests.builders import JOB_ID, NOW, a_submit, a_success, a_verdict, at
from tests.unit.control_plane.given import Story
from tests.unit.policy.policies import a_policy, row

PRIMARY = {"role": "primary", "lane": "classical"}


def submitted(*legs: Mapping[str, Any], thresholds: Mapping[str, Any] | None = None, **request: Any) -> Submit:
    """A job that is planned with these legs."""
    plans = {"classical": {"plan": "c", "legs": [PRIMARY]}, "it": {"plan": "it", "legs": list(legs)}}
    policy = a_policy(row("it", "it"), plans=plans, thresholds={"any": thresholds} if thresholds else {})
    submit = a_submit("auto", **request)
    return replace(submit, planned=routing.plan(submit.inputs, policy))


def answers(
    leg: str,
    objective: float,
    *,
    number: int = 1,
    proven: bool = False,
    confidence: float = 0.9,
    verdict: str = "accepted",
    **changes: Any,
) -> list[Message]:
    """What a worker and the validator say of an attempt: each answer is one of its own."""
    answer = {"side": [objective], "of": leg}
    bound = objective if proven else None
    execution = a_success(
        leg, number, answer=answer, objective=objective, bound=bound, proven_optimal=proven, **changes
    )
    judged = a_verdict(
        leg,
        number,
        verdict=verdict,
        objective=objective,
        bound=bound,
        gap=0.0 if proven else None,
        proven_optimal=proven,
        answer_fingerprint=fingerprint(answer),
        confidence=Confidence(value=confidence),
    )
    return [execution, judged]


def told(story: Story, messages: Sequence[Message], seconds: float = 0.0) -> Story:
    """The job after all of them; the story holds what happened meanwhile. No timer is left that has rung already."""
    job = story.job
    events: list[JobEvent] = []
    for message in messages:
        step = Story(job).when(message, at(seconds))
        job = step.job
        events += step.events
    due = next_wake(job)
    assert due is None or due > at(seconds), f"a timer that rings at {due} would ring for ever"
    return Story(job, tuple(events))


def refolded(stories: Sequence[Story]) -> Job:
    """The job as the fold of all that happened at NOW."""
    job: Job = NoJob()
    for story in stories:
        for event in story.events:
            job = evolve(job, event, NOW, JOB_ID)
    return job
