"""What services say again, compared with what they said: each difference with its kind. Pure."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from queuebit_contracts import events as ev
from queuebit_contracts.envelope import encode_data
from queuebit_contracts.errors import ContractError
from queuebit_contracts.event import Event
from queuebit_contracts.jobs import Number
from queuebit_domain.errors import CorruptStream
from queuebit_operations.replaying.services import ADAPTER, SOLVER, Handlers, Question, questions_of
from queuebit_operations.replaying.shadow import Divergence, changed
from queuebit_operations.scan.port import Stream

KINDS = {
    "verdict": "verdict",
    "objective": "value",
    "bound": "value",
    "gap": "value",
    "proven_optimal": "proof",
    "confidence": "confidence",
}
"""Of a verdict's fields; every other one is words."""
MADE = {"answer": "answer", "ran": "label", "evidence": "evidence", "provenance": "provenance"}
"""Of an execution's fields."""
TOLERANCE = 1e-9


@dataclass(slots=True)
class Answered:
    """What became of a job's questions: how many were answered again, and how many the record does not tell enough of."""

    handled: Counter[str] = field(default_factory=Counter)
    not_comparable: Counter[str] = field(default_factory=Counter)
    divergences: list[Divergence] = field(default_factory=list)


def answered_again(stream: Stream, handlers: Handlers) -> Answered:
    """Ask each service again what it was asked. One that fails over it differs."""
    result = Answered()
    try:
        questions = [each for each in questions_of(stream) if each.service in handlers] if handlers else []
    except (CorruptStream, ContractError):
        # The control plane cannot read it either, and says so.
        return result
    for question in questions:
        service = question.service
        try:
            again = handlers[service](question.asked, question.recorded, question.at)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"[:300]
            result.divergences.append(_divergence(stream, question, "", "answered", said, "failed"))
            continue
        if again is None:
            result.not_comparable[service] += 1
            continue
        result.handled[service] += 1
        result.divergences += _DIFFER.get(service, _verdicts)(stream, question, again)
    return result


def _verdicts(stream: Stream, question: Question, again: Event) -> Iterator[Divergence]:
    """A verdict is the same in every field, or it is not."""
    recorded = question.recorded
    if type(recorded) is not type(again):
        yield _divergence(stream, question, "", _summary(recorded), _summary(again), "verdict")
        return
    for path, before, after in changed("", json.loads(encode_data(recorded)), json.loads(encode_data(again))):
        yield _divergence(stream, question, path, before, after, KINDS.get(path.split("/")[1], "words"))


def _answers(stream: Stream, question: Question, again: Event) -> Iterator[Divergence]:
    """Answers may differ where many are equally good: what counts is how good they are, and whether that is proved."""
    recorded = question.recorded
    assert isinstance(recorded, ev.ExecutionSucceeded)
    if not isinstance(again, ev.ExecutionSucceeded):
        yield _divergence(stream, question, "", _summary(recorded), _summary(again), "failed")
        return
    if not _as_good(recorded.objective, again.objective):
        kind = _better_or_worse(recorded, again)
        yield _divergence(stream, question, "/objective", recorded.objective, again.objective, kind)
    if recorded.proven_optimal != again.proven_optimal:
        kind = "proof lost" if recorded.proven_optimal else "proof found"
        yield _divergence(stream, question, "/proven_optimal", recorded.proven_optimal, again.proven_optimal, kind)


def _executions(stream: Stream, question: Question, again: Event) -> Iterator[Divergence]:
    """What is made of the same outcomes is the same in every field that is not about when and where it ran."""
    yield from _answers(stream, question, again)
    recorded = question.recorded
    if not isinstance(recorded, ev.ExecutionSucceeded) or not isinstance(again, ev.ExecutionSucceeded):
        return
    for field_, kind in MADE.items():
        one, other = (json.loads(encode_data(each)).get(field_) for each in (recorded, again))
        if field_ == "provenance":
            one, other = ({name: each[name] for name in each if name != "run"} for each in (one, other))
        for path, before, after in changed(f"/{field_}", one, other):
            yield _divergence(stream, question, path, before, after, kind)


_DIFFER = {SOLVER: _answers, ADAPTER: _executions}


def _as_good(before: Number | None, after: Number | None) -> bool:
    """Whether two searches came equally far: sums of decimals in another order are one number."""
    if before is None or after is None:
        return before is after
    return math.isclose(before, after, rel_tol=TOLERANCE)


def _better_or_worse(recorded: ev.ExecutionSucceeded, again: ev.ExecutionSucceeded) -> str:
    """Told from where the bound lies; an optimum that was proved cannot be bettered."""
    before, after, bound = recorded.objective, again.objective, recorded.bound
    if before is None or after is None or bound is None:
        return "value"
    if recorded.proven_optimal or before == bound:
        return "worse"
    return "better" if (after > before) == (bound > before) else "worse"


def _summary(event: Event) -> str:
    match event:
        case ev.ResultValidated():
            return event.verdict
        case ev.ResultRejected() | ev.ExecutionFailed():
            return f"{type(event).__name__}: {event.code}"
        case _:
            return type(event).__name__


def _divergence(stream: Stream, question: Question, path: str, before: object, after: object, kind: str) -> Divergence:
    name = type(question.recorded).__name__
    return Divergence(str(stream.stream_id), question.version, name, path, before, after, question.service, kind)
