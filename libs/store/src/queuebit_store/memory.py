"""The store in memory: the same promises as on PostgreSQL, for tests, the simulation and one-process runs.

`MemoryDatabase` is what would be on disk; each `MemoryStore` is one process's session on it, so that several services can
share a database and compete for a lead. Nothing here waits by itself: hooks decide where a simulation stops an operation.
"""

from __future__ import annotations

from queuebit_store.attempts.memory import MemoryAttempts
from queuebit_store.audit.memory import MemoryAuditTrail
from queuebit_store.backends.memory import MemoryBackendReports
from queuebit_store.budgets.memory import MemoryBudgets
from queuebit_store.diagnosis.memory import MemoryDiagnosis
from queuebit_store.directory.memory import MemoryDirectory
from queuebit_store.evidence.memory import MemoryEvidence
from queuebit_store.gates.memory import MemoryGates, MemoryKillSwitches
from queuebit_store.heads.memory import MemoryHeads
from queuebit_store.idempotency.memory import MemoryIdempotency
from queuebit_store.keys.memory import MemoryKeys
from queuebit_store.leadership.memory import MemoryLeadership
from queuebit_store.log.memory import MemoryCursors, MemoryLog
from queuebit_store.memory_state.database import MemoryDatabase
from queuebit_store.memory_state.hooks import Hook, Hooks
from queuebit_store.partitions.memory import MemoryPartitions
from queuebit_store.projections.memory import MemoryProjections
from queuebit_store.submissions.memory import MemorySubmissions
from queuebit_store.webhooks.memory import MemoryWebhooks

__all__ = ["Hook", "Hooks", "MemoryDatabase", "MemoryStore"]


class MemoryStore(
    MemoryLog,
    MemoryHeads,
    MemoryIdempotency,
    MemoryCursors,
    MemoryDirectory,
    MemoryLeadership,
    MemoryDiagnosis,
    MemorySubmissions,
    MemoryAttempts,
    MemoryGates,
    MemoryKillSwitches,
    MemoryEvidence,
    MemoryBackendReports,
    MemoryBudgets,
    MemoryPartitions,
    MemoryProjections,
    MemoryWebhooks,
    MemoryKeys,
    MemoryAuditTrail,
):
    """One session on a MemoryDatabase: every port of the store."""

    def __init__(self, database: MemoryDatabase | None = None, *, hooks: Hooks | None = None) -> None:
        self.database = database or MemoryDatabase()
        self.hooks = hooks or Hooks()

    async def close(self) -> None:
        """End the session. A lead that was not released lasts for the rest of its time."""
