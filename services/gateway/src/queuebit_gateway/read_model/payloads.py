"""The data of a subject at the door: sealed before anything of it leaves the gateway, opened for its tenant alone."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

import orjson

from queuebit_contracts.jobs import JobRequest
from queuebit_contracts.sealed import SEAL, SUBJECT_LABEL, DataKey, keys_in, opened_value, sealed_request
from queuebit_contracts.statement_text import StatementText
from queuebit_gateway.problem_details import Refusal

_MARK = SEAL.encode()
SUBJECT_LENGTH_MAX = 200


class Keyring(Protocol):
    """Gives and makes the keys of subjects."""

    async def of_subject(self, tenant: str, subject: str) -> DataKey: ...

    async def of_ids(self, key_ids: set[UUID]) -> dict[UUID, DataKey | None]: ...

    async def note_job(self, key: DataKey, job_id: UUID) -> None: ...


class Payloads:
    """Seals and opens. `ring` is None where the installation has no master key: then no data of a subject is taken."""

    def __init__(self, ring: Keyring | None = None) -> None:
        self._ring = ring

    def check(self, request: JobRequest) -> None:
        """Raises Refusal where the request names a subject and nothing here can protect its data."""
        if SUBJECT_LABEL in request.labels and self._ring is None:
            raise Refusal("subject_unprotected")

    async def sealed(self, request: JobRequest, job_id: UUID) -> JobRequest:
        """The request with its statement sealed by the key of its subject; as it is, where it names none."""
        subject = request.labels.get(SUBJECT_LABEL)
        if subject is None or self._ring is None:
            return request
        key = await self._ring.of_subject(request.tenant, subject)
        await self._ring.note_job(key, job_id)
        statement = request.problem.statement
        plain = statement.plain if isinstance(statement, StatementText) else orjson.dumps(statement)
        return sealed_request(request, plain, key)

    async def opened(self, text: str) -> str:
        """A JSON document with everything opened that is sealed in it; what was erased says so."""
        if self._ring is None or SEAL not in text:
            return text
        document = orjson.loads(text)
        keys = await self._ring.of_ids(keys_in(document))
        return orjson.dumps(opened_value(document, keys)).decode()
