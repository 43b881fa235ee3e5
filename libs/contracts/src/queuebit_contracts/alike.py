"""Which work orders of a tenant ask the same of a solver, so that one run may answer all of them. Pure.

The solver goes by it where orders are at work together, and the relay, so that such orders meet: on one partition, whichever
control planes let them out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from typing import Any, Final, Protocol

import msgspec

from queuebit_contracts.canonical import canonical_json
from queuebit_contracts.events import ExecutionSucceeded, JobQueued
from queuebit_contracts.ids import seed_of, uuid_from

REPEATABLE_PARAM: Final = "reproducible"
"""A job that says `reproducible: false` spends its whole time budget, and may be answered differently the next time."""
CACHE_PARAM: Final = "cache"
"""A job that says `cache: never` is always worked out for itself."""
NEVER: Final = "never"
FROM_ATTEMPT: Final = "from_attempt"
"""What the evidence of an answer names that was worked out for another order: the attempt that did."""
SHIFT_MAX: Final = 10_000
"""A seed that lies so close behind that of its job was not asked for: the legs of a plan are shifted against each other."""
SHORT_BYTES: Final = 1_024
"""A work order that is no longer than this is worked out where it comes: it takes less than a meeting would spare."""


class Asking(Protocol):
    """What of a work order says what it asks."""

    @property
    def role(self) -> str: ...
    @property
    def lane(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def seed(self) -> int: ...
    @property
    def budget_s(self) -> float: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def hint(self) -> object | None: ...
    @property
    def degraded(self) -> int | None: ...


class _Written(msgspec.Struct):
    """The same of one that is stored; the problem, which is most of it, is passed over."""

    role: str
    lane: str
    fingerprint: str
    seed: int
    budget_s: float
    params: dict[str, Any] = {}
    hint: object | None = None
    degraded: int | None = None


_READER = msgspec.json.Decoder(_Written)


def question_of(order: Asking, tenant: str, job: str) -> Hashable | None:
    """What is the same for all orders that one run may answer; None for one that runs for itself. A seed that nobody asked for
    makes no difference: any would do.
    """
    params = order.params
    if order.hint is not None or order.role == "shadow" or order.degraded:
        return None
    if params.get(REPEATABLE_PARAM, True) is False or params.get(CACHE_PARAM) == NEVER:
        return None
    seed = _seed_asked(order.seed, job)
    return (tenant, order.lane, order.fingerprint, *seed, float(order.budget_s), canonical_json(params))


def key_of_order(value: bytes, tenant: str, job: str) -> bytes | None:
    """The key of the record of a stored work order for the classical solver, by which those meet that ask the same; None where
    it is that of its job, as of everything else.
    """
    if len(value) <= SHORT_BYTES:
        return None
    try:
        question = question_of(_READER.decode(value), tenant, job)
    except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError):
        return None
    return None if question is None else b"q-" + hashlib.sha256(repr(question).encode()).hexdigest()[:32].encode()


def seed_that_ran(order: JobQueued, answer: ExecutionSucceeded) -> int:
    """The seed that gave the answer to an order: that of another job's, where one run answered both."""
    seed = answer.provenance.get("seed") if answer.evidence.get(FROM_ATTEMPT) else None
    return seed if isinstance(seed, int) else order.seed


def _seed_asked(seed: int, job: str) -> tuple[str, int]:
    try:
        shift = seed - seed_of(uuid_from(job))
    except ValueError:
        return ("asked", seed)
    return ("any", shift) if 0 <= shift <= SHIFT_MAX else ("asked", seed)
