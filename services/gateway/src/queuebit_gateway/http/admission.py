"""From a body to an admitted question, once. A moment's work is done on the event loop, all else where it can be ended."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import JobRequest
from queuebit_contracts.origin import Origin
from queuebit_contracts.sagas import NO_SAGA, Saga, content_of
from queuebit_contracts.sealed import Redacted
from queuebit_gateway.asker import Asker
from queuebit_gateway.http.batch_lines import Line, split
from queuebit_gateway.http.parsing import STATEMENT, parse_object
from queuebit_gateway.http.replanning import Source
from queuebit_gateway.http.requests import read_job
from queuebit_gateway.problem_details import Refusal
from queuebit_gateway.questions import Keyed, Terms
from queuebit_problems.admission import QUICK_BYTES_MAX, Admitted, admit, is_quick
from queuebit_problems.errors import ProblemError
from queuebit_runtime.errors import (
    Overloaded,
    PoolCrashed,
    PoolError,
    PoolExhausted,
    PoolMemory,
    PoolStopped,
    PoolTimeout,
)
from queuebit_runtime.processes.bounded_work import BoundedWork, cpu_max_s_of, small_groups

log = logging.getLogger(__name__)

READ = "queuebit_gateway.http.admission:read_in_process"
SPLIT = "queuebit_gateway.http.admission:split_in_process"
REPLAN = "queuebit_gateway.http.replanning:replanned_in_process"
READ_SMALL = "queuebit_gateway.http.admission:read_small_in_process"
RETRY_AFTER_S = 1.0
AT_ONCE_MAX = 8
"""So many questions of one batch are admitted at once: the rest of the room is for others."""
FEW_MAX = 16
"""So many small questions of a batch are read on the event loop; more are a moment's work no longer."""
GROUP_MAX = 128
TOGETHER_CPU_S = 0.25
"""What questions that are read together may take before those of them that may take long are left to be read alone."""


class Asked(NamedTuple):
    """An admitted question, what its end says again, and what it means for the work of others."""

    admitted: Admitted
    origin: Origin
    saga: Saga = NO_SAGA


class Reader:
    """Reads and admits the bodies of submissions."""

    def __init__(self, work: BoundedWork) -> None:
        self._work = work

    async def read(self, body: bytes, asker: Asker) -> Asked:
        """The question of this tenant, admitted. Raises Refusal."""
        if len(body) <= QUICK_BYTES_MAX:
            request, origin, saga = read_job(parse_object(body), asker)
            if is_quick(request, len(body)):
                return _asked(request, origin, saga)
        outcome = await self._in_process(READ, (body, asker), len(body), asker)
        assert isinstance(outcome, Asked)
        return outcome

    async def rewritten(self, body: bytes, source: Source, asker: Asker) -> bytes:
        """The body of a job that is asked again as this body says. Raises Refusal."""
        outcome = await self._in_process(REPLAN, (body, source), len(body) + len(source.asked), asker)
        assert isinstance(outcome, bytes)
        return outcome

    async def read_all(self, body: bytes, asker: Asker, charge: Callable[[int], None]) -> list[Keyed | Refusal]:
        """The questions of a batch, each admitted or refused for itself. Raises Refusal where the batch is none.

        `charge` is told how many there are before any is read, and may raise. Many small ones are read in a process, groups of
        them at a time; the few that are not small, each for itself.
        """
        lines = (
            split(body)
            if len(body) <= QUICK_BYTES_MAX
            else await self._in_process(SPLIT, (body, asker), len(body), asker)
        )
        charge(len(lines))
        known = await self._small(lines, asker) if len(lines) > FEW_MAX else {}
        places = asyncio.Semaphore(AT_ONCE_MAX)

        async def one(nth: int, line: Line | Refusal) -> Keyed | Refusal:
            if isinstance(line, Refusal):
                return line
            asked = known.get(nth)
            if asked is None:
                async with places:
                    await asyncio.sleep(0)
                    try:
                        asked = await self.read(line.body, asker)
                    except Refusal as refusal:
                        return refusal
                    except Exception:
                        log.exception("a question of a batch could not be read; those beside it go on")
                        return Refusal("internal")
            if isinstance(asked, Refusal):
                return asked
            return Keyed(line.key, asked.admitted, asked.origin, Terms(saga=asked.saga))

        return await asyncio.gather(*(one(nth, line) for nth, line in enumerate(lines)))

    async def _small(self, lines: Sequence[Line | Refusal], asker: Asker) -> dict[int, Asked | Refusal]:
        """What those are that there was time for together, by their place in the batch. Others are left out: each is read for
        itself, as all of a group are where one of them takes too much.
        """
        small = [
            (nth, line.body)
            for nth, line in enumerate(lines)
            if isinstance(line, Line) and len(line.body) <= QUICK_BYTES_MAX
        ]
        found: dict[int, Asked | Refusal] = {}
        for group in small_groups(small, lambda each: len(each[1]), GROUP_MAX):
            bodies = [body for _, body in group]
            size = sum(map(len, bodies))
            asked: list[Asked | Refusal | None]
            try:
                asked = await self._work.run(READ_SMALL, (bodies, asker), tenant=asker.tenant, size_bytes=size)
            except Overloaded as busy:
                asked = [_busy(busy)] * len(group)
            except PoolError:
                asked = [None] * len(group)
            found |= {nth: each for (nth, _), each in zip(group, asked, strict=True) if each is not None}
        return found

    async def _in_process(self, task: str, argument: object, size: int, asker: Asker) -> Any:
        """What a worker process makes of so many bytes. Raises Refusal."""
        try:
            outcome = await self._work.run(task, argument, tenant=asker.tenant, size_bytes=size)
        except Overloaded as busy:
            raise _busy(busy) from None
        except (PoolExhausted, PoolMemory) as error:
            raise _too_costly(size, error) from None
        except (PoolTimeout, PoolCrashed, PoolStopped):
            raise Refusal(
                "service_unavailable", "The problem could not be checked in time.", retry_after_s=RETRY_AFTER_S
            ) from None
        if isinstance(outcome, Refusal):
            raise outcome
        return outcome


def read_in_process(argument: tuple[bytes, Asker], _progress: Callable[[Any], None]) -> Asked | Refusal:
    """What a worker process does: the question, or why there is none."""
    body, asker = argument
    try:
        return _asked(*read_job(parse_object(body), asker))
    except Refusal as refusal:
        return refusal


def read_small_in_process(
    argument: tuple[list[bytes], Asker], _progress: Callable[[Any], None]
) -> list[Asked | Refusal | None]:
    """What a worker process does with small bodies: each question, or why there is none; None for one that may take longer,
    where TOGETHER_CPU_S are over.
    """
    bodies, asker = argument
    end_s = time.process_time() + TOGETHER_CPU_S
    return [_read_small(body, asker, quick_only=time.process_time() >= end_s) for body in bodies]


def _read_small(body: bytes, asker: Asker, *, quick_only: bool) -> Asked | Refusal | None:
    try:
        request, origin, saga = read_job(parse_object(body), asker)
        if quick_only and not is_quick(request, len(body)):
            return None
        return _asked(request, origin, saga)
    except Refusal as refusal:
        return refusal


def split_in_process(argument: tuple[bytes, Asker], _progress: Callable[[Any], None]) -> list[Line | Refusal] | Refusal:
    """What a worker process does with a batch: its jobs apart, or why it is none."""
    try:
        return split(argument[0])
    except Refusal as refusal:
        return refusal


def _asked(request: JobRequest, origin: Origin, saga: Saga) -> Asked:
    admitted = _admitted(request)
    if saga is NO_SAGA:
        return Asked(admitted, origin)
    return Asked(admitted._replace(fingerprint=content_of(admitted.fingerprint, saga)), origin, saga)


def _admitted(request: JobRequest) -> Admitted:
    try:
        return admit(request)
    except Redacted:
        wrong = FieldError(STATEMENT, "sealed", "is sealed")
        detail = "The statement is a token of sealed data, which is not opened for a question."
        raise Refusal("invalid_statement", detail, remedy="Send the statement itself.", errors=(wrong,)) from None
    except ProblemError as error:
        code = error.code if error.code in ("unknown_kind", "invalid_statement") else "invalid_request"
        raise Refusal(code, error.detail, remedy=error.remedy, errors=error.fields) from None


def _busy(busy: Overloaded) -> Refusal:
    code = "rate_limited" if busy.of_tenant else "service_unavailable"
    return Refusal(code, "Too many large or complex problems wait to be checked.", retry_after_s=busy.retry_after_s)


def _too_costly(size_bytes: int, error: PoolExhausted | PoolMemory) -> Refusal:
    needed = (
        f"more than {cpu_max_s_of(size_bytes):.3g} s"
        if isinstance(error, PoolExhausted)
        else "more memory than it may have"
    )
    wrong = FieldError(STATEMENT, "statement_too_costly", f"takes {needed} to check")
    return Refusal("statement_too_costly", f"{wrong}.", errors=(wrong,))
