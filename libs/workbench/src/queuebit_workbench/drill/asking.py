"""Questions as an upstream service sends them, whose job ids are known beforehand."""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import UUID

import orjson

from queuebit_contracts.channels import SUBMITTED
from queuebit_contracts.envelope import binary_headers, rfc3339
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.ids import job_id_of, uuid7
from queuebit_contracts.registry import type_bytes_of
from queuebit_runtime.bus.port import Outgoing
from queuebit_runtime.clock import Clock

SOURCE = "/drill"


def question(tenant: str, request: dict[str, Any], clock: Clock, numbers: Random) -> tuple[UUID, Outgoing]:
    """The job, and the record that asks for it."""
    now = clock.now()
    key = uuid7(int(now.timestamp() * 1000), numbers.getrandbits(74))
    job_id = job_id_of(tenant, key)
    value = orjson.dumps({"request": {"tenant": tenant, **request}, "idempotency_key": str(key)})
    headers = binary_headers(
        key,
        SOURCE,
        type_bytes_of(JobSubmitted),
        str(job_id),
        rfc3339(now),
        tenant=tenant,
        version=None,
        traceparent=None,
    )
    return job_id, Outgoing(SUBMITTED, str(job_id).encode(), value, headers)
