"""What became of each question: I1, every accepted one ends exactly once, and whoever asked is told one thing only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from uuid import UUID

import orjson
from pydantic import ValidationError

from queuebit_contracts import events as ev
from queuebit_contracts.compensations import Compensation
from queuebit_contracts.jobs import TERMINAL_STATES, JobRequest
from queuebit_contracts.sagas import Saga
from queuebit_contracts.sagas import content_of as whole_content
from queuebit_domain.job.codec import read_event
from queuebit_problems.admission import admit
from queuebit_problems.errors import ProblemError
from tests.simulation.history import History, Reply
from tests.simulation.plan import Ask

LOOKED_BEFORE = timedelta(seconds=1)
"""So long before a refusal is written it may have been looked for the last time whether its job is there."""


def asks_answered(history: History) -> Iterator[str]:
    """I1: a question became a job that ended, or was refused, and not both."""
    replies: defaultdict[int, list[Reply]] = defaultdict(list)
    for reply in history.replies:
        replies[reply.ask.number].append(reply)
    rivals: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for ask in history.plan.asks:
        rivals[ask.identity].add(content_of(ask) or "")
    for ask in history.plan.asks:
        contested = len(rivals[ask.identity]) > 1
        yield from _answered(history, ask, replies[ask.number], contested=contested)


def _answered(history: History, ask: Ask, replies: list[Reply], *, contested: bool) -> Iterator[str]:
    found = history.database.streams
    job = found.get(history.job_of(ask) or ask.event_id)
    refusal = found.get(history.refusal_of(ask) or ask.event_id)
    content = content_of(ask)
    taken = job is not None and content is not None and job.head.attributes["fingerprint"] == content
    refused = refusal is not None or any(reply.status != 202 for reply in replies)
    told = f"ask {ask.number} over {ask.entrance} (job {history.job_of(ask)})"
    if not taken and not refused:
        yield f"{told} was neither taken nor refused"
    if taken and refused and _began(history, ask) and not (ask.entrance == "http" and contested):
        yield f"{told} was both taken and refused: {_reason(history, ask)}, {[reply.code for reply in replies]}"
    if taken and job is not None and job.head.state not in TERMINAL_STATES:
        yield f"{told} was taken and is {job.head.state}"
    if ask.fair and not contested and not taken and "deadline" not in ask.request and not _came_too_early(history, ask):
        yield f"{told} is fair and was refused: {_reason(history, ask)}, {[reply.code for reply in replies]}"
    if content is None and not refused:
        yield f"{told} cannot be taken and was not refused"
    ids = {reply.job_id for reply in replies if reply.status == 202}
    if len(ids) > 1 or (ids and ids != {history.job_of(ask)}):
        yield f"{told} was given the jobs {ids}"
    if len(replies) != (ask.copies if ask.entrance == "http" else 0):
        yield f"{told} had {len(replies)} replies for {ask.copies} copies"


def _came_too_early(history: History, ask: Ask) -> bool:
    """Whether it was refused for the job whose place it wants, and that was not there when it was looked for last."""
    if "supersedes" not in ask.saga or _reason(history, ask) != "superseded_not_found":
        return False
    wanted = history.database.events.get(UUID(ask.saga["supersedes"]), [])
    refused = history.database.events[history.refusal_of(ask) or ask.event_id]
    return not wanted or wanted[0].position > refused[0].position or wanted[0].time > refused[0].time - LOOKED_BEFORE


def _began(history: History, ask: Ask) -> bool:
    """Whether it is this question that became the job: another one under its key may have come when the tenant was known."""
    stored = history.database.events.get(history.job_of(ask) or ask.event_id)
    return ask.entrance == "http" or (stored is not None and stored[0].causation_id == ask.event_id)


def nothing_invented(history: History) -> Iterator[str]:
    """Every stream goes back to a question, or to a job that an operator asked again."""
    known: set[UUID | None] = set()
    for ask in history.plan.asks:
        known |= {history.job_of(ask), history.refusal_of(ask)}
    for stored in history.stories().values():
        first = read_event(stored[0])
        if isinstance(first, ev.JobSubmitted) and first.parent is not None and first.parent.job_id in history.jobs():
            known.add(stored[0].stream_id)
    yield from (f"nobody asked for {stream_id}" for stream_id in history.jobs() if stream_id not in known)


def _reason(history: History, ask: Ask) -> str:
    stored = history.database.events.get(history.refusal_of(ask) or ask.event_id, [])
    rejected = [event for event in map(read_event, stored) if isinstance(event, ev.JobRejected)]
    return rejected[0].code if rejected else "no refusal"


def content_of(ask: Ask) -> str | None:
    """The fingerprint of the question; None where it is not valid."""
    found = _content(orjson.dumps(ask.request))
    if found is None or not ask.saga:
        return found
    named = tuple(Compensation.model_validate(each) for each in ask.saga.get("compensations", ()))
    superseded = ask.saga.get("supersedes")
    return whole_content(found, Saga(named or None, superseded and UUID(superseded)))


@cache
def _content(request: bytes) -> str | None:
    try:
        return admit(JobRequest.model_validate_json(request)).fingerprint
    except (ValidationError, ProblemError):
        return None
