"""A bulk operation, folded from its events, and its rules. Pure: state in, events out.

First what it is about is frozen, so that what was shown is what is done. Then somebody starts it, with a reason. It advances in
steps that are recorded after they took effect: after a crash the last step is done again, so an action must bear that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never

from queuebit_contracts.operators import (
    TARGETS_A_PART,
    OperationAdvanced,
    OperationEvent,
    OperationFrozen,
    OperationStarted,
    OperationStopped,
    OperationTargets,
)
from queuebit_operations.errors import InConflict

FAILURES_KEPT_MAX = 100
State = Literal["freezing", "frozen", "running", "done", "cancelled", "stopped"]
ENDED: frozenset[State] = frozenset({"done", "cancelled"})
FAILED = "failed"
"""The outcome of what went wrong; every other outcome is fine."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation after `version` events. `done`: how many targets it has dealt with, of `until` that it may."""

    version: int
    verb: str
    arguments: Mapping[str, str]
    count: int
    frozen_by: str
    frozen_at: datetime
    targets: tuple[str, ...] = ()
    state: State = "freezing"
    actor: str = ""
    reason: str = ""
    rate_per_s: float | None = None
    until: int = 0
    done: int = 0
    outcomes: Mapping[str, int] | None = None
    failures: Mapping[str, str] | None = None
    note: str = ""

    @property
    def left(self) -> tuple[str, ...]:
        """What it may still deal with before it has to stop."""
        return self.targets[self.done : self.until]

    def next(self, count: int) -> tuple[str, ...]:
        """The first of what is left."""
        return self.targets[self.done : min(self.until, self.done + count)]

    @property
    def failed(self) -> int:
        return (self.outcomes or {}).get(FAILED, 0)


def freeze(verb: str, arguments: Mapping[str, str], targets: Sequence[str], actor: str) -> list[OperationEvent]:
    """The first events of an operation: what it is about, whole and in order."""
    parts = [tuple(targets[at : at + TARGETS_A_PART]) for at in range(0, len(targets), TARGETS_A_PART)]
    frozen = OperationFrozen(verb=verb, arguments=dict(arguments), targets=len(targets), actor=actor)
    return [frozen, *(OperationTargets(targets=part) for part in parts)]


def start(
    operation: Operation, *, actor: str, reason: str, rate_per_s: float | None, limit: int | None
) -> list[OperationEvent]:
    """Let it act, for the first time or on from where it was interrupted. Raises InConflict."""
    if operation.state == "freezing":
        raise InConflict(
            "The operation was not frozen to its end.", remedy="Prepare it again: give the verb once more."
        )
    if operation.state in ENDED:
        raise InConflict(f"The operation is {operation.state}.", remedy="Prepare a new one: give the verb once more.")
    return [OperationStarted(actor=actor, reason=reason, rate_per_s=rate_per_s, limit=limit)]


def advance(
    operation: Operation,
    outcomes: Mapping[str, str],
    failures: Mapping[str, str],
    *,
    stop: str = "",
    recent: Sequence[str] = (),
) -> list[OperationEvent]:
    """One step was done: the outcome of each of its targets, and why those failed that did. `stop`: why it may not go on.
    `recent`: the outcomes before, where a step is too small to say by itself that most fails. Of one that was cancelled while
    the step was done, the step counts.
    """
    counts: dict[str, int] = {}
    for outcome in outcomes.values():
        counts[outcome] = counts.get(outcome, 0) + 1
    done = operation.done + len(outcomes)
    room = max(0, FAILURES_KEPT_MAX - len(operation.failures or {}))
    kept = dict(list(failures.items())[:room])
    events: list[OperationEvent] = [OperationAdvanced(done=done, outcomes=counts, failures=kept)]
    if operation.state in ENDED:
        return events
    if stop:
        return [*events, OperationStopped(how="stopped", actor=operation.actor, reason=stop)]
    looked_at = [*recent, *outcomes.values()]
    failed = looked_at.count(FAILED)
    if failures and failed > 1 and 2 * failed >= len(looked_at):
        why = f"{failed} of the last {len(looked_at)} failed: {next(iter(failures.values()), '')}"
        return [*events, OperationStopped(how="stopped", actor=operation.actor, reason=why)]
    if done >= operation.count:
        return [*events, OperationStopped(how="done", actor=operation.actor)]
    if done >= operation.until:
        why = f"The limit is reached; {operation.count - done} are left."
        return [*events, OperationStopped(how="stopped", actor=operation.actor, reason=why)]
    return events


def cancel(operation: Operation, *, actor: str, reason: str) -> list[OperationEvent]:
    """Let it act no further. What is done stays done. Raises InConflict."""
    if operation.state in ENDED:
        raise InConflict(f"The operation is {operation.state} already.")
    return [OperationStopped(how="cancelled", actor=actor, reason=reason)]


def evolve_operation(operation: Operation | None, event: OperationEvent, at: datetime) -> Operation:
    """The operation after one more event."""
    if operation is None:
        assert isinstance(event, OperationFrozen), "the first event says what it is about"
        state: State = "freezing" if event.targets else "frozen"
        return Operation(1, event.verb, event.arguments, event.targets, event.actor, at, state=state)
    after = replace(operation, version=operation.version + 1)
    match event:
        case OperationTargets():
            targets = (*operation.targets, *event.targets)
            return replace(after, targets=targets, state="frozen" if len(targets) == operation.count else "freezing")
        case OperationStarted():
            until = operation.count if event.limit is None else min(operation.count, operation.done + event.limit)
            return replace(
                after,
                state="running",
                actor=event.actor,
                reason=event.reason,
                rate_per_s=event.rate_per_s,
                until=until,
                note="",
            )
        case OperationAdvanced():
            outcomes = dict(operation.outcomes or {})
            for name, count in event.outcomes.items():
                outcomes[name] = outcomes.get(name, 0) + count
            failures = {**(operation.failures or {}), **event.failures}
            return replace(after, done=event.done, outcomes=outcomes, failures=failures)
        case OperationStopped():
            return replace(after, state=event.how, note=event.reason)
        case OperationFrozen():
            raise AssertionError("an operation is frozen once")
        case _:
            assert_never(event)
