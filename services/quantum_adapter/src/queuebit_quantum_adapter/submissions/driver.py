"""Acts on claimed submissions: asks the machine what to do, does it at the provider, stores what came of it.

Any process may act on any submission: whoever claims it takes over where the last owner stopped, however that ended.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import AdapterError, AnswerUnreadable, SubmissionEnded
from queuebit_quantum_adapter.evidence.watch import Watch
from queuebit_quantum_adapter.ports import Poll, Provider, Recovery, RunState
from queuebit_quantum_adapter.submissions import machine
from queuebit_quantum_adapter.submissions import seen as see
from queuebit_quantum_adapter.submissions.codec import decode_request, encode_result
from queuebit_quantum_adapter.submissions.machine import Act, Terms
from queuebit_quantum_adapter.submissions.seen import Observation
from queuebit_store.errors import StoreError
from queuebit_store.evidence.port import Evidence
from queuebit_store.gates.port import Allowance, Gates, KillSwitches
from queuebit_store.submissions.port import Submission, Submissions

LEASE_S = 60.0
"""Longer than any call to a provider takes: each has a deadline of its own."""

_log = logging.getLogger(__name__)
Mark = Callable[[str], None]
"""Told of the place that is passed: tests stop a process there."""


def unheard(words: str) -> None:
    """Nobody listens."""


class Shared(Submissions, Gates, KillSwitches, Evidence, Protocol):
    """Submissions, what was seen of them, and what is shared about their providers."""


class Lost(Exception):
    """Somebody else has claimed the submission: what was seen is theirs to see again."""


class Driver:
    """Acts for one backend under the name of one owner."""

    def __init__(
        self,
        store: Shared,
        provider: Provider | None,
        terms: Terms,
        *,
        owner: str,
        lease_s: float = LEASE_S,
        mark: Mark = unheard,
        watch: Watch | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`watch` keeps what is said about submissions; nothing is where it is None."""
        self._store = store
        self._opened = provider
        self._terms = terms
        self._owner = owner
        self._lease_s = lease_s
        self._mark = mark
        self._watch = watch or Watch()
        self._monotonic_s = monotonic_s

    @property
    def _provider(self) -> Provider:
        """What is asked only where the gate is open."""
        assert self._opened is not None
        return self._opened

    async def advance(self, row: Submission) -> Submission | None:
        """Act on a claimed row until it has to wait or has ended, and release it; None where somebody else has it now."""
        try:
            with self._watch.listening(self._opened):
                while True:
                    row, rests = await self._step(row)
                    if rests:
                        return row
        except Lost:
            return None

    async def advance_due(self, backend: str) -> bool:
        """Act on the submission of the backend that has been due for longest; whether there was one."""
        row = await self._store.claim_due([backend], self._owner, self._lease_s)
        if row is None:
            return False
        self._mark("claimed")
        await self.advance(row)
        return True

    async def _step(self, row: Submission) -> tuple[Submission, bool]:
        """One act; the row as saved, and whether it was released because nothing is to be done now."""
        act = machine.next_act(row, self._terms)
        now = await self._store.submissions_now()
        result: bytes | None = None
        seen: Observation
        if act in machine.ASKING and (held := await self._held_back(row, act)) is not None:
            return await self._saved(row, act, held, None)
        began_s = self._monotonic_s()
        match act:
            case None:
                await self._store.save_submission(row, "There was nothing to do.", release=True)
                return row, True
            case Act.END_UNSENT:
                seen = see.Unwanted()
            case Act.GIVE_UP_OWNER:
                seen = see.Doubt("Whoever sent it is gone.")
            case Act.OPEN_FENCE:
                seen = self._open_fence(row)
            case Act.SEND:
                row, seen = await self._send(row, now)
            case Act.LOOK_UP:
                seen = self._look_up(row)
            case Act.POLL:
                seen = self._poll(row)
            case Act.FETCH:
                seen, result = self._fetch(row)
        if act in machine.ASKING:
            await self._note(row, seen, self._monotonic_s() - began_s)
        return await self._saved(row, act, seen, result)

    async def _held_back(self, row: Submission, act: Act) -> Observation | None:
        """Why the provider is not asked now; None where it may be."""
        if (barred := machine.barred(row, act, self._terms)) is not None:
            return barred
        until = await self._store.pass_gate(row.backend, self._terms.breaker.probe_s)
        if until is not None:
            return see.Unreachable(until)
        if act in (Act.OPEN_FENCE, Act.SEND):
            number = await self._store.killed(row.backend, row.lineage)
            if number is not None:
                return see.Killed(number)
        terms = self._terms
        if machine.takes_place(row, act) and not await self._store.take_place(terms.account, row.key, terms.allowance):
            return see.Full()
        return None

    async def _note(self, row: Submission, seen: Observation, asked_s: float) -> None:
        """Tell all others whether it has answered, for how long it did not, and for how long it takes nothing more."""
        silent = isinstance(seen, see.Doubt) or (isinstance(seen, see.NoAnswer) and not seen.unreadable)
        if silent:
            await self._store.note_silence(row.backend, self._terms.breaker, self._terms.breaker.weight(asked_s))
            return
        await self._store.note_answer(row.backend)
        if isinstance(seen, see.Refused) and seen.code is FailureCode.BACKEND_OVERLOADED and seen.transient:
            await self._store.close_account(self._terms.account, seen.retry_after_s or self._terms.poll_s)

    async def _saved(
        self, row: Submission, act: Act, seen: Observation, result: bytes | None
    ) -> tuple[Submission, bool]:
        await self._note_evidence(row)
        now = await self._store.submissions_now()
        reaction = machine.react(row, seen, now, self._terms)
        rests = reaction.row.due_at is None or reaction.row.due_at > now
        self._mark(f"before saving {reaction.row.state.value}")
        if not await self._store.save_submission(reaction.row, reaction.note, release=rests, result=result):
            raise Lost
        self._mark(f"saved {reaction.row.state.value}")
        if row.fence is not None and (reaction.row.fence is None or act is Act.END_UNSENT):
            self._quietly(lambda: self._provider.close(row.fence or ""))
        for provider_id in reaction.cancel:
            self._quietly(lambda provider_id=provider_id: self._provider.cancel(provider_id))  # type: ignore[misc]
        await self._note_evidence(row)
        return reaction.row, rests

    def _open_fence(self, row: Submission) -> Observation:
        try:
            fence = self._provider.fence(row.key)
        except Exception as error:
            return _refused(error) or _no_answer(error)
        self._mark("fence open")
        return see.NoAnswer("The provider opened no fence.") if fence is None else see.FenceOpened(fence)

    async def _send(self, row: Submission, now: datetime) -> tuple[Submission, Observation]:
        request = await self._store.submission_request(row.key)
        if request is None:
            raise Lost
        asked = decode_request(request)
        self._watch.sees(self._provider, asked)
        stored = machine.sending(row, now)
        if not await self._store.save_submission(stored.row, stored.note, release=False):
            raise Lost
        self._mark("before the send")
        try:
            provider_id = self._provider.submit(asked, row.key, row.fence)
        except Exception as error:
            self._mark("sent, no answer")
            return stored.row, _of_send(error)
        self._mark("sent")
        if row.fence is not None:
            self._quietly(lambda: self._provider.close(row.fence or ""))
        return stored.row, see.Taken(provider_id)

    def _look_up(self, row: Submission) -> Observation:
        try:
            if self._terms.recovery is Recovery.FENCE and row.fence is not None:
                self._provider.close(row.fence)
                self._mark("fence closed")
            found = self._provider.reconcile(row.key, row.fence, row.created_at)
            for late in machine.found_late(row, found) if row.state.final else ():
                self._provider.cancel(late)
        except Exception as error:
            return _no_answer(error)
        self._mark("looked up")
        return see.Found(found)

    def _poll(self, row: Submission) -> Observation:
        assert row.provider_id is not None
        try:
            if row.cancel_wanted:
                self._provider.cancel(row.provider_id)
                self._mark("cancelled")
            seen = self._provider.poll(row.provider_id)
        except Exception as error:
            return _no_answer(error)
        self._mark("polled")
        return seen

    def _fetch(self, row: Submission) -> tuple[Observation, bytes | None]:
        assert row.provider_id is not None
        try:
            result = encode_result(self._provider.result(row.provider_id))
        except SubmissionEnded as error:
            told = error.code, error.action, error.reason, error.remedy
            return Poll(RunState.FAILED, None, None, error.detail, *told), None
        except Exception as error:
            return _no_answer(error), None
        self._mark("fetched")
        return see.Fetched(), result

    async def _note_evidence(self, row: Submission) -> None:
        """What was seen, beside the submission. What comes of the submission never depends on it."""
        if not (seen := self._watch.taken()):
            return
        try:
            await self._store.note_evidence(row.key, row.epoch, seen)
        except StoreError as error:
            _log.warning("What was seen of a submission is kept, and not noted: %s", error)

    def _quietly(self, call: Callable[[], None]) -> None:
        """What is good to do, and done again by whoever looks later."""
        try:
            call()
        except Exception as error:
            self._mark(f"not done: {type(error).__name__}")


def terms_of(provider: Provider, spec: BackendSpec | None = None, *, poll_s: float = 2.0) -> Terms:
    """How a provider is dealt with, by what it says of itself and what is configured of it."""
    told = provider.capabilities()
    if spec is None:
        return Terms(told.recovery, told.lag_s, poll_s=poll_s, account=told.backend)
    return Terms(
        told.recovery,
        told.lag_s,
        poll_s=poll_s,
        account=spec.account or spec.name,
        allowance=Allowance(spec.at_once_max, spec.per_minute_max),
        region=spec.region,
    )


def _of_send(error: Exception) -> Observation:
    return _refused(error) or see.Doubt(_words(error))


def _refused(error: Exception) -> see.Refused | None:
    """What says for sure that nothing was taken."""
    if not isinstance(error, AdapterError) or not error.unsent:
        return None
    why = see.Why(error.action, error.reason, error.remedy)
    return see.Refused(error.code, error.detail, error.transient, error.retry_after_s, why)


def _no_answer(error: Exception) -> see.NoAnswer:
    told = error.retry_after_s if isinstance(error, AdapterError) else None
    return see.NoAnswer(_words(error), told, isinstance(error, AnswerUnreadable))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
