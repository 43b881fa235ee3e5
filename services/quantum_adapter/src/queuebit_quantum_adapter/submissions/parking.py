"""Requests of an attempt that is kept: handed in through the ledger, and not waited for.

A request that has no result yet ends the process of its attempt (`Waits`); when the result is there, another process goes
through the attempt again and finds it by its key. The key comes from what is asked, the round, and the leg of the job: every
try of the leg finds what an earlier one handed in, so that no try pays for it again.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import get_args
from uuid import UUID

from queuebit_contracts.failures import FAILURES, FailureAction, FailureCode
from queuebit_contracts.ids import derive_id
from queuebit_contracts.regions import Regions, is_allowed
from queuebit_quantum_adapter.backends.registry import check_region
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import AdapterError, KeyReused, SubmissionEnded
from queuebit_quantum_adapter.evidence.keeping import Keeping
from queuebit_quantum_adapter.evidence.watch import Watch
from queuebit_quantum_adapter.ports import CostPart, Provider, Request, Result
from queuebit_quantum_adapter.submissions.codec import decode_result, encode_request, hash_of
from queuebit_quantum_adapter.submissions.driver import LEASE_S, Driver, terms_of
from queuebit_quantum_adapter.submissions.journal import Journal, Remembering
from queuebit_quantum_adapter.submissions.ledger import Ledger, Loop, OpenLedger
from queuebit_quantum_adapter.submissions.used import use_of
from queuebit_store.attempts.port import Use
from queuebit_store.submissions.port import NewSubmission, Submission, SubmissionState

GENERATIONS_MAX = 20
"""So often the provider may end what earlier tries handed in before a further one is not made."""


class Waits(BaseException):
    """The result of the submission under this key is not there yet; None where somebody else carries the attempt on."""

    def __init__(self, key: UUID | None) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class Claim:
    """Which attempt is gone through, under which claim; `patient`: whether it waits for its backend however long that takes.
    `regions`: where its data may go: nothing new is handed in elsewhere, and of what was the result is taken.
    """

    attempt_id: UUID
    lineage: UUID
    epoch: int
    spec: BackendSpec
    patient: bool = False
    regions: Regions | None = None

    @property
    def backend(self) -> str:
        return self.spec.name


def round_key(lineage: UUID, backend: str, number: int, request_hash: str, generation: int) -> UUID:
    """The key of a request: the same for every try of a leg. A generation follows when the provider has ended the last."""
    return derive_id(lineage, f"{backend}:{number}:{request_hash}:{generation}")


class Parking:
    """Hands in the requests of one attempt, each once."""

    def __init__(
        self,
        open_ledger: OpenLedger,
        claim: Claim,
        journal: Journal,
        *,
        loop: Loop,
        poll_s: float = 2.0,
        lease_s: float = LEASE_S,
        keeping: Keeping | None = None,
    ) -> None:
        self._open_ledger = open_ledger
        self._claim = claim
        self._journal = journal
        self._loop = loop
        self._owner = f"{socket.gethostname()}/{os.getpid()}"
        self._poll_s = poll_s
        self._lease_s = lease_s
        self._keeping = keeping
        self.used: dict[UUID, Use] = {}
        """What those used whose results were taken, by their keys."""
        self.costs: dict[UUID, tuple[CostPart, ...]] = {}
        """And what they cost, as far as their provider says that beforehand."""

    def __call__(self, provider: Provider, request: Request, attempt_id: UUID, number: int, key: UUID) -> Result:  # noqa: ARG002
        """What the request gave, where that is in the ledger. Raises Waits, SubmissionEnded, KeyReused or StoreError."""
        before = dict(self.used)
        found = self._loop.run(self._run(provider, encode_request(request), number))
        for taken in self.used.keys() - before.keys():
            self.costs[taken] = provider.preflight(request).cost
        return found

    async def _run(self, provider: Provider, data: bytes, number: int) -> Result:
        ledger = await self._open_ledger()
        if self._journal.changed:
            if not await ledger.save_journal(self._claim.attempt_id, self._claim.epoch, self._journal.encode()):
                raise Waits(None)
            self._journal.changed = False
        row = await self._intended(ledger, data, number)
        if not row.state.final:
            row = await self._begun(ledger, provider, row)
        if row.state is not SubmissionState.CONCLUDED:
            if row.state.final:
                raise _ended(row)
            raise Waits(row.key)
        result = await ledger.submission_result(row.key)
        if result is None:
            raise _ended(row)
        found = decode_result(result)
        self.used[row.key] = use_of(found)
        return found

    async def _intended(self, ledger: Ledger, data: bytes, number: int) -> Submission:
        """The submission that stands for the request: what the provider ended for an earlier try does not."""
        claim, request_hash = self._claim, hash_of(data)
        for generation in range(GENERATIONS_MAX):
            key = round_key(claim.lineage, claim.backend, number, request_hash, generation)
            if not is_allowed(claim.spec.region, claim.regions) and await ledger.submission(key) is None:
                check_region(claim.spec, claim.regions)
            row = await ledger.intend(
                NewSubmission(
                    key,
                    claim.attempt_id,
                    number,
                    claim.backend,
                    data,
                    request_hash,
                    claim.lineage,
                    claim.patient,
                    claim.regions,
                )
            )
            if row.request_hash != request_hash:
                raise KeyReused(
                    f"Round {number} of the attempt stands for another request in the ledger.", action="retry"
                )
            lost = row.state.final and row.state is not SubmissionState.CONCLUDED
            if not lost or row.attempt_id == claim.attempt_id:
                break
        return row

    async def _begun(self, ledger: Ledger, provider: Provider, row: Submission) -> Submission:
        """Begin at once what is due, for here it is compiled already. What fails now whoever follows it does later."""
        try:
            real = provider.real if isinstance(provider, Remembering) else provider
        except AdapterError:
            return row
        claimed = await ledger.claim(row.key, self._owner, self._lease_s)
        if claimed is None:
            return row
        driver = Driver(
            ledger,
            real,
            terms_of(real, self._claim.spec, poll_s=self._poll_s),
            owner=self._owner,
            lease_s=self._lease_s,
            watch=Watch(self._keeping),
        )
        await driver.advance(claimed)
        return await ledger.submission(row.key) or row


def _ended(row: Submission) -> SubmissionEnded:
    code = FailureCode(row.code) if row.code is not None else FailureCode.INTERNAL
    return SubmissionEnded(
        f"The submission {row.provider_id or row.key} {row.state.value}: {row.detail}",
        code,
        remedy=row.remedy,
        action=next((action for action in get_args(FailureAction) if action == row.action), FAILURES[code].action),
        reason=row.reason,
    )
