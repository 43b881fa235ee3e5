"""Problems of production, frozen: by a window of time, with everything masked that tells whose they are.

A statement is what is asked, so its numbers stay; its names are the customer's, and become others, the same for the same. A
statement with other texts (a circuit is text) would tell something, or mean something else: it is left out, and counted.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple, cast

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.errors import ContractError, ProblemError
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_contracts.statement_text import statement_of
from queuebit_domain.errors import CorruptStream
from queuebit_domain.job.codec import read_event
from queuebit_operations.scan.port import Scan, Selection
from queuebit_problems.admission import admit
from queuebit_workbench.experiments.files import NamedProblem, ProblemSet

NAMES = frozenset({"name", "names", "label", "labels", "title", "description", "comment", "id", "ids"})
"""Fields that hold names, which mean nothing to a solver."""
_WORD = re.compile(r"[a-z_]{1,16}|[<>=]{1,2}")
"""Words of the kinds themselves, such as `max` or `<=`."""
SUBMITTED = JobSubmitted.__name__


class Window(NamedTuple):
    """Which jobs: those submitted from `since` on and before `until`, of these kinds and tenants where any are named."""

    since: datetime
    until: datetime
    kinds: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()


class Frozen(NamedTuple):
    """The set, how many different problems were in the window, and how many cannot be masked."""

    found: ProblemSet
    seen: int
    unmaskable: int


async def frozen(scan: Scan, window: Window, *, limit: int, salt: bytes | None = None) -> Frozen | None:
    """The first `limit` different problems of the window, masked; None where there are none. `salt` masks the same the same."""
    masking = Mask(salt or secrets.token_bytes(16))
    known: set[str] = set()
    problems: list[NamedProblem] = []
    unmaskable = 0
    async for request in _requests(scan, window):
        if (mark := fingerprint(request.problem)) in known:
            continue
        known.add(mark)
        if len(problems) == limit:
            continue
        masked = masking.problem(request)
        if masked is None:
            unmaskable += 1
        else:
            name = f"{masked.kind}-{len(problems) + 1:04}"
            problems.append(NamedProblem(name=name, problem=masked, tier=request.tier))
    if not problems:
        return None
    description = f"{len(problems)} problems of {window.since.isoformat()} to {window.until.isoformat()}, masked"
    return Frozen(ProblemSet(description=description, problems=tuple(problems)), len(known), unmaskable)


class Mask:
    """Replaces names by others: the same by the same, and nobody finds out which without the salt."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt

    def problem(self, request: JobRequest) -> Problem | None:
        """The problem with its names masked; None where a text is left that may tell something, or the question is another."""
        stated = dict(statement_of(request.problem.statement))
        try:
            statement = self._mapped(stated, named=False)
        except _Telling:
            return None
        masked = request.problem.model_copy(update={"statement": statement})
        if statement == stated:
            return masked
        try:
            before = admit(request).admission.size
            after = admit(request.model_copy(update={"problem": masked})).admission.size
        except ProblemError:
            return None
        return masked if before == after else None

    def text(self, text: str) -> str:
        """What stands for a name."""
        return f"n{hashlib.blake2b(text.encode(), key=self._salt, digest_size=6).hexdigest()}" if text else text

    def _mapped(self, value: Any, *, named: bool) -> Any:
        """The value with its names replaced. Names of fields stay: they are the kind's."""
        match value:
            case str() if named or not value:
                return self.text(value)
            case str() if not _WORD.fullmatch(value):
                raise _Telling
            case dict():
                return {name: self._mapped(item, named=name in NAMES) for name, item in value.items()}
            case list() | tuple():
                return [self._mapped(item, named=named) for item in value]
            case _:
                return value


class _Telling(Exception):
    """A text that is no name, and may tell something."""


async def _requests(scan: Scan, window: Window) -> AsyncIterator[JobRequest]:
    """The submissions of the window, in the order of the ids of their jobs, which is that of their times."""
    selection = Selection(tenants=window.tenants, types=(SUBMITTED,), since=window.since, until=window.until)
    async for page in scan.streams(selection):
        for first in (stream.events[0] for stream in page if stream.events):
            if first.type != SUBMITTED or not window.since <= first.time < window.until:
                continue
            try:
                request = cast(JobSubmitted, read_event(first)).request
            except (CorruptStream, ContractError):
                continue
            if not window.kinds or request.problem.kind in window.kinds:
                yield request
