"""The data of a subject at the door: sealed before anything of it leaves the gateway, masked in every answer, and opened
for whoever of its tenant says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import orjson

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import NOT_BEFORE_PARAM, STATEMENT_BYTES_MAX, JobRequest
from queuebit_contracts.model import copy_with
from queuebit_contracts.sagas import Saga
from queuebit_contracts.sealed import ERASED, SEAL, SUBJECT_LABEL, DataKey, Locked, sealed_mapping, sealed_request
from queuebit_contracts.sealed_documents import keys_in, masked_value, opened_value
from queuebit_contracts.statement_text import StatementText
from queuebit_domain.job.beginning import not_before_of
from queuebit_domain.job.limits import Limits
from queuebit_gateway.problem_details import Refusal

_MARK = SEAL.encode()
PLAIN_BYTES_MAX = STATEMENT_BYTES_MAX * 3 // 4 - 128
"""Sealed, a statement of so many bytes is as long as the longest of all others: four letters stand for three bytes."""


class Keyring(Protocol):
    """Gives and makes the keys of subjects."""

    async def of_subject(self, tenant: str, subject: str) -> DataKey: ...

    async def of_ids(self, key_ids: set[UUID], tenant: str) -> dict[UUID, DataKey | None]: ...

    async def note_job(self, key: DataKey, job_id: UUID) -> None: ...

    async def erased_since(self, tenant: str, subject: str, at: datetime) -> bool: ...


class Payloads:
    """Seals and opens. `ring` is None where the installation has no master key: then no data of a subject is taken. `keep_d`:
    for how many days such data is kept, 0 for ever.
    """

    def __init__(self, ring: Keyring | None = None, keep_d: int = 0) -> None:
        self._ring = ring
        self._keep_d = keep_d

    def check(self, request: JobRequest, now: datetime) -> None:
        """Raises Refusal where the request names a subject, and nothing here can protect its data or no record carry it, or it
        would end while the job may be open.
        """
        if SUBJECT_LABEL not in request.labels:
            return
        if self._ring is None:
            raise Refusal("subject_unprotected")
        size = len(_plain(request))
        if size > PLAIN_BYTES_MAX:
            wrong = FieldError("/problem/statement", "too_large", f"has {size} bytes, {PLAIN_BYTES_MAX} at most")
            detail = f"The statement has {size} bytes in normal form; of data of a subject at most {PLAIN_BYTES_MAX} are taken."
            raise Refusal("invalid_statement", detail, errors=(wrong,))
        field = _open_longer(request, now + timedelta(days=self._keep_d)) if self._keep_d else None
        if field is not None:
            raise Refusal(
                "invalid_request",
                f"Data of a subject is kept for {self._keep_d} days, and the job may be open for longer.",
                remedy="Set an earlier moment.",
                errors=(FieldError(field, "kept_shorter", f"is more than {self._keep_d} days ahead"),),
            )

    async def sealed(self, request: JobRequest, saga: Saga, job_id: UUID) -> tuple[JobRequest, Saga]:
        """The request with its statement sealed by the key of its subject, and the saga with what commands say; as they are,
        where the request names none.
        """
        subject = request.labels.get(SUBJECT_LABEL)
        if subject is None or self._ring is None:
            return request, saga
        key = await self._ring.of_subject(request.tenant, subject)
        key = key.of(key.bound._replace(job=job_id))
        await self._ring.note_job(key, job_id)
        return sealed_request(request, _plain(request), key), _sealed_saga(saga, key)

    async def opened(self, text: str, tenant: str, job: UUID | None = None) -> str:
        """A JSON document for a tenant, with everything opened that is sealed in it by keys of theirs; what was erased, or is
        somebody else's, says `redacted`, and what was sealed for another field or, where `job` is named, another job,
        `misplaced`. Where a key cannot be unwrapped here, the tokens stay.
        """
        if self._ring is None or SEAL not in text:
            return text
        document = orjson.loads(text)
        keys = await self._ring.of_ids(keys_in(document), tenant)
        try:
            return orjson.dumps(opened_value(document, keys, job)).decode()
        except Locked:
            return text

    async def masked(self, text: str, tenant: str) -> str:
        """A JSON document in which everything that is sealed says so; what was erased, or is somebody else's, `redacted`."""
        if self._ring is None or SEAL not in text:
            return text
        document = orjson.loads(text)
        return orjson.dumps(masked_value(document, await self._ring.of_ids(keys_in(document), tenant))).decode()

    async def check_kept(self, labels: Mapping[str, str], created_at: datetime, tenant: str) -> None:
        """Raises Refusal artifact_not_found where a job of these labels names a subject whose data was erased since: what no
        key seals, such as a provider's own words, is not told any more either.
        """
        subject = labels.get(SUBJECT_LABEL)
        if (
            subject is not None
            and self._ring is not None
            and await self._ring.erased_since(tenant, subject, created_at)
        ):
            raise Refusal("artifact_not_found", ERASED)


def _sealed_saga(saga: Saga, key: DataKey) -> Saga:
    """The names of commands stay, for whoever hears them goes by these."""
    sealed = (
        copy_with(each, data=sealed_mapping(each.data, key, "command")) if each.data else each
        for each in saga.compensations or ()
    )
    return saga._replace(compensations=tuple(sealed) or None)


def _open_longer(request: JobRequest, end: datetime) -> str | None:
    """Which field says that the job may be open after that moment."""
    if request.deadline is not None:
        return "/deadline" if request.deadline > end else None
    begins = not_before_of(request)
    late = begins is not None and begins + timedelta(seconds=Limits.of(request.tier).deadline_s) > end
    return f"/params/{NOT_BEFORE_PARAM}" if late else None


def _plain(request: JobRequest) -> bytes:
    statement = request.problem.statement
    return statement.plain if isinstance(statement, StatementText) else orjson.dumps(statement)
