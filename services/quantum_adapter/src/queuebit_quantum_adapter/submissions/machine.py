"""What a submission does next, decided on where it stands, what was seen, and the time: nothing else.

The rules: what is about to be sent is stored first. Whatever is raised after the send leaves the fate unknown, and unknown
never ends anything: it is looked up by its key until it is found or proved to be absent. Absent is what was not found several
times, after its fence was closed and after the longest time in which it could still turn up. Only the provider's own explicit
word makes it failed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from queuebit_contracts.failures import FailureCode
from queuebit_contracts.regions import is_allowed
from queuebit_quantum_adapter.backends.registry import REGION_NOT_ALLOWED, REGION_REMEDY, barred_words
from queuebit_quantum_adapter.ports import Poll, Recovery, RunState
from queuebit_quantum_adapter.submissions.seen import (
    NO_WHY,
    Doubt,
    FenceOpened,
    Fetched,
    Found,
    Full,
    Killed,
    NoAnswer,
    Observation,
    Refused,
    Taken,
    Unreachable,
    Unwanted,
    Why,
)
from queuebit_store.gates.port import NO_LIMIT, USUAL, Allowance, Breaker
from queuebit_store.submissions.port import Submission, SubmissionState

MISSES_MIN = 3
LATE_LOOK = 10
"""Something that was in doubt is looked up once more after its end, after so many times the provider's lag."""
WORDS_MAX = 300
LATE = ", and the cancel came too late"


class Act(StrEnum):
    """What is to be done at the provider."""

    OPEN_FENCE = "open fence"
    SEND = "send"
    GIVE_UP_OWNER = "give up owner"
    LOOK_UP = "look up"
    POLL = "poll"
    FETCH = "fetch"
    END_UNSENT = "end unsent"


@dataclass(frozen=True, slots=True)
class Terms:
    """How a provider is dealt with: how a lost answer is found, how late it may turn up, how often it is asked, how much of its
    account may be in use, and when it is taken for one that does not answer.
    """

    recovery: Recovery
    lag_s: float
    poll_s: float = 2.0
    poll_max_s: float = 300.0
    retry_s: float = 1.0
    account: str = ""
    allowance: Allowance = NO_LIMIT
    breaker: Breaker = USUAL
    region: str = ""
    """Where the account stands now, as the backend states it."""
    late_look_s: float | None = None
    """When something that was in doubt is looked up once more; LATE_LOOK times the lag where it is None."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """The row as it is from now on, what its history says, and which further submissions are to be cancelled."""

    row: Submission
    note: str
    cancel: tuple[str, ...] = ()


ASKING = frozenset({Act.OPEN_FENCE, Act.SEND, Act.LOOK_UP, Act.POLL, Act.FETCH})
"""What asks the provider something."""


SEARCHING = frozenset({Act.OPEN_FENCE, Act.SEND, Act.LOOK_UP})
"""What sends, or takes what is not there for absent."""


def takes_place(row: Submission, act: Act) -> bool:
    """Whether this is the first step of what is to be sent, for which there must be a place."""
    return row.state is SubmissionState.INTENDED and (act is Act.OPEN_FENCE or (act is Act.SEND and row.fence is None))


def barred(row: Submission, act: Act, terms: Terms) -> Observation | None:
    """What is seen where the account stands now in a region to which the data may not go, such as after a restart with another
    one: nothing is sent there, and that something is not found there says nothing.
    """
    if act not in SEARCHING or row.state.final or is_allowed(terms.region, row.regions):
        return None
    words = barred_words(row.backend, terms.region, row.regions)
    if row.state is SubmissionState.INTENDED:
        return Refused(FailureCode.NO_BACKEND, words, transient=False, why=Why(None, REGION_NOT_ALLOWED, REGION_REMEDY))
    return NoAnswer(words, unreadable=True)


def next_act(row: Submission, terms: Terms) -> Act | None:
    """What to do about a row that is due; None where there is nothing to do."""
    match row.state:
        case SubmissionState.INTENDED if row.cancel_wanted:
            return Act.END_UNSENT
        case SubmissionState.INTENDED:
            return Act.OPEN_FENCE if terms.recovery is Recovery.FENCE and row.fence is None else Act.SEND
        case SubmissionState.SUBMITTING:
            return Act.GIVE_UP_OWNER
        case SubmissionState.UNKNOWN:
            # What is refused for good, or nobody wants, is not sent again to learn whether the first was taken.
            again = terms.recovery is Recovery.TOKEN and row.code is None and not row.cancel_wanted
            return Act.SEND if again else Act.LOOK_UP
        case SubmissionState.FOLLOWING:
            return Act.POLL
        case SubmissionState.SUCCEEDED:
            return Act.FETCH
        case SubmissionState.CONCLUDED | SubmissionState.FAILED | SubmissionState.CANCELLED:
            return None if row.due_at is None else Act.LOOK_UP
        case _:
            assert_never(row.state)


def sending(row: Submission, now: datetime) -> Reaction:
    """The row as it is stored before it is sent. In doubt it stays unknown: what is sent again may be refused for its own
    reasons, which says nothing about the first.
    """
    in_doubt = row.state is SubmissionState.UNKNOWN
    state = SubmissionState.UNKNOWN if in_doubt else SubmissionState.SUBMITTING
    return Reaction(replace(row, state=state, sent_at=now), "It is sent again." if in_doubt else "It is sent.")


def react(row: Submission, seen: Observation, now: datetime, terms: Terms) -> Reaction:
    """What becomes of a row."""
    match seen:
        case FenceOpened(fence):
            return Reaction(replace(row, fence=fence, due_at=now), f"The fence {fence} is open.")
        case Taken(provider_id):
            row = replace(row, state=SubmissionState.FOLLOWING, provider_id=provider_id, misses=0)
            return Reaction(_after(row, now, terms.poll_s), f"The provider has it as {provider_id}.")
        case Refused():
            return _refused(row, seen, now, terms)
        case Doubt(words):
            return _doubted(row, words, now, terms)
        case NoAnswer(words, retry_after_s):
            row = row if row.state.final else replace(row, detail=words[:WORDS_MAX])
            again_s = retry_after_s or _patience_s(row.sent_at or now, now, terms)
            return Reaction(_after(row, now, again_s), f"No answer: {words[:WORDS_MAX]}")
        case Unreachable(until):
            return _unreachable(row, until, now, terms)
        case Killed(number):
            return Reaction(_after(row, now, terms.poll_s), f"Kill switch {number} is thrown: nothing is sent.")
        case Full():
            return Reaction(_after(row, now, terms.poll_s), "It waits for a place of the account.")
        case Found(provider_ids):
            return _late(row, provider_ids) if row.state.final else _found(row, provider_ids, now, terms)
        case Fetched():
            words = f"Its result is here{LATE if row.cancel_wanted else ''}."
            return _ended(row, SubmissionState.CONCLUDED, None, words, now, terms)
        case Unwanted():
            words = "Nobody wants it, and nothing was sent."
            return _ended(row, SubmissionState.CANCELLED, FailureCode.CANCELLED, words, now, terms)
        case Poll():
            return _polled(row, seen, now, terms)
        case _:
            assert_never(seen)


def _refused(row: Submission, seen: Refused, now: datetime, terms: Terms) -> Reaction:
    words = seen.words[:WORDS_MAX]
    if row.state not in (SubmissionState.INTENDED, SubmissionState.SUBMITTING):
        again_s = seen.retry_after_s or _patience_s(row.unknown_since or row.created_at, now, terms)
        row = replace(row, detail=words, code=None if seen.transient else seen.code.value)
        return Reaction(_after(row, now, again_s), f"Refused, and still in doubt: {words}")
    if seen.transient:
        waiting = replace(row, state=SubmissionState.INTENDED, fence=None, detail=words, code=seen.code.value)
        again_s = seen.retry_after_s or _patience_s(row.created_at, now, terms)
        return Reaction(_after(waiting, now, again_s), f"Refused for now: {words}")
    return _ended(row, SubmissionState.FAILED, seen.code, words, now, terms, seen.why)


def _unreachable(row: Submission, until: datetime, now: datetime, terms: Terms) -> Reaction:
    """What was not sent may go elsewhere; whatever else is known of it stays so."""
    words = f"{row.backend} does not answer."
    if row.state is SubmissionState.INTENDED and not row.patient:
        why = Why("reroute")
        return _ended(row, SubmissionState.FAILED, FailureCode.BACKEND_UNAVAILABLE, words, now, terms, why)
    return Reaction(replace(row, detail=words, due_at=until), f"It is not asked for a while: {words}")


def _doubted(row: Submission, words: str, now: datetime, terms: Terms) -> Reaction:
    words = words[:WORDS_MAX]
    since = row.unknown_since if row.state is SubmissionState.UNKNOWN and row.unknown_since is not None else now
    row = replace(row, state=SubmissionState.UNKNOWN, unknown_since=since, misses=0, detail=words, code=None)
    again_s = max(
        min(terms.retry_s, terms.lag_s / MISSES_MIN), min(terms.poll_max_s, (now - since).total_seconds() / 10)
    )
    return Reaction(_after(row, now, again_s), f"Nobody knows its fate: {words}")


def _found(row: Submission, provider_ids: tuple[str, ...], now: datetime, terms: Terms) -> Reaction:
    if provider_ids:
        first, *others = provider_ids
        row = replace(row, state=SubmissionState.FOLLOWING, provider_id=first, misses=0, due_at=now)
        told = f" {len(others)} more were found: {', '.join(others)}." if others else ""
        return Reaction(row, f"It was found as {first}.{told}", tuple(others))
    misses = row.misses + 1
    if misses == 1:
        # Until its fence is seen closed, which may take as long as the provider is silent, a late one is still taken.
        row = replace(row, unknown_since=now)
    last = max(moment for moment in (row.unknown_since, row.sent_at, row.created_at) if moment is not None)
    if misses >= MISSES_MIN and now >= last + timedelta(seconds=terms.lag_s):
        absent = replace(row, state=SubmissionState.INTENDED, fence=None, misses=0, due_at=now)
        return Reaction(absent, f"It is not there: looked up {misses} times behind its fence, if any, and long enough.")
    again_s = max(terms.lag_s / MISSES_MIN, 0.001)
    return Reaction(_after(replace(row, misses=misses), now, again_s), "It was not found yet.")


def _late(row: Submission, provider_ids: tuple[str, ...]) -> Reaction:
    others = found_late(row, provider_ids)
    done = replace(row, due_at=None)
    if not others:
        return Reaction(done, "A late look found nothing more.")
    words = f"A late look found {len(others)} more, which may have been paid: {', '.join(others)}."
    return Reaction(replace(done, detail=words[:WORDS_MAX]), words)


def found_late(row: Submission, provider_ids: tuple[str, ...]) -> tuple[str, ...]:
    """What was found of one that has ended, and is not it: to be cancelled before it is noted, for nobody looks again."""
    return tuple(each for each in provider_ids if each != row.provider_id)


def _polled(row: Submission, seen: Poll, now: datetime, terms: Terms) -> Reaction:
    words = seen.detail[:WORDS_MAX]
    match seen.state:
        case RunState.SUCCEEDED:
            words = f"It has run{LATE if row.cancel_wanted else ''}."
            return Reaction(replace(row, state=SubmissionState.SUCCEEDED, due_at=now), words)
        case RunState.FAILED:
            why = Why(seen.action, seen.reason, seen.remedy)
            code = seen.code or FailureCode.INTERNAL
            return _ended(row, SubmissionState.FAILED, code, words or "It failed.", now, terms, why)
        case RunState.CANCELLED:
            # What nobody here asked to cancel, such as a job whose batch ran out of time, may be tried again.
            code = FailureCode.CANCELLED if row.cancel_wanted else FailureCode.BACKEND_UNAVAILABLE
            return _ended(row, SubmissionState.CANCELLED, code, words or "Cancelled.", now, terms)
        case RunState.QUEUED | RunState.RUNNING | RunState.UNKNOWN:
            waited_s = (now - (row.sent_at or row.created_at)).total_seconds()
            place = "" if seen.queue_position is None else f", {seen.queue_position} before it"
            note = f"It is {seen.state.value}{place}. {words}".strip()
            again_s = max(terms.poll_s, min(terms.poll_max_s, waited_s / 10))
            row = replace(row, detail=note, queue_position=seen.queue_position, wait_s=seen.wait_s)
            return Reaction(_after(row, now, again_s), note)
        case _:
            assert_never(seen.state)


def _ended(
    row: Submission,
    state: SubmissionState,
    code: FailureCode | None,
    words: str,
    now: datetime,
    terms: Terms,
    why: Why = NO_WHY,
) -> Reaction:
    """What was ever in doubt is looked up once more, when everything late must have turned up."""
    late_s = terms.late_look_s if terms.late_look_s is not None else LATE_LOOK * terms.lag_s
    doubtful = row.unknown_since is not None and terms.recovery is not Recovery.NONE
    due_at = now + timedelta(seconds=late_s) if doubtful else None
    row = replace(row, state=state, due_at=due_at, code=None if code is None else code.value, detail=words)
    row = replace(row, action=why.action, reason=why.reason, remedy=why.remedy)
    return Reaction(row, words)


def _patience_s(since: datetime, now: datetime, terms: Terms) -> float:
    """What has been so for long is looked at ever more rarely."""
    return max(terms.retry_s, min(terms.poll_max_s, (now - since).total_seconds() / 10))


def _after(row: Submission, now: datetime, seconds: float) -> Submission:
    return replace(row, due_at=now + timedelta(seconds=seconds))
