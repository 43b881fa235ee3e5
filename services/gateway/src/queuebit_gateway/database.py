"""Whether the database takes what is accepted."""

from __future__ import annotations

from queuebit_runtime.service.readiness import Reason
from queuebit_store.diagnosis.port import Diagnosis, trouble_of


async def database_reason(store: Diagnosis) -> Reason | None:
    """Why nothing can be accepted now; None where it can."""
    trouble = await trouble_of(store)
    return None if trouble is None else Reason(trouble.code, trouble.detail)
