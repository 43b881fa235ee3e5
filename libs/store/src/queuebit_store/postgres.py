"""The store on PostgreSQL, through asyncpg: the whole of it for one process."""

from __future__ import annotations

from typing import Self

from queuebit_contracts.ids import FIRST_EPOCH
from queuebit_store.access.grants import GUARDED
from queuebit_store.attempts.postgres import PostgresAttempts
from queuebit_store.audit.postgres import PostgresAuditTrail
from queuebit_store.backends.postgres import PostgresBackendReports
from queuebit_store.budgets.postgres import PostgresBudgets
from queuebit_store.connections.migrations import check_schema
from queuebit_store.connections.session import Session
from queuebit_store.connections.settings import PostgresSettings, settings_from
from queuebit_store.diagnosis.postgres import PostgresDiagnosis
from queuebit_store.directory.postgres import PostgresDirectory
from queuebit_store.errors import EpochStale
from queuebit_store.evidence.postgres import PostgresEvidence
from queuebit_store.gates.postgres import PostgresGates, PostgresKillSwitches
from queuebit_store.heads.postgres import PostgresHeads
from queuebit_store.idempotency.postgres import PostgresIdempotency
from queuebit_store.keys.postgres import PostgresKeys
from queuebit_store.leadership.postgres import PostgresLeadership
from queuebit_store.log.postgres import PostgresCursors, PostgresLog
from queuebit_store.partitions.postgres import PostgresPartitions
from queuebit_store.projections.postgres import PostgresProjections
from queuebit_store.submissions.postgres import PostgresSubmissions
from queuebit_store.webhooks.postgres import PostgresWebhooks

__all__ = ["PostgresSettings", "PostgresStore", "settings_from"]


class PostgresStore(
    PostgresLog,
    PostgresHeads,
    PostgresIdempotency,
    PostgresCursors,
    PostgresDirectory,
    PostgresLeadership,
    PostgresDiagnosis,
    PostgresSubmissions,
    PostgresAttempts,
    PostgresGates,
    PostgresKillSwitches,
    PostgresEvidence,
    PostgresBackendReports,
    PostgresBudgets,
    PostgresPartitions,
    PostgresProjections,
    PostgresWebhooks,
    PostgresKeys,
    PostgresAuditTrail,
):
    """Every port of the store on one database. Made by `open`, ended by `close`."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._session: Session = Session(settings)
        self._payloads_apart = False
        self._epoch = FIRST_EPOCH

    @classmethod
    async def open(cls, settings: PostgresSettings) -> Self:
        """Connect and check that the tables are the ones that this version works with.

        Raises StoreUnavailable, InvalidSettings, SchemaMismatch, MigrationChanged or EpochStale.
        """
        store = cls(settings)
        try:
            await store._session.open()
            await check_schema(store._session)
            await store._session.find_reader(GUARDED)
            era = (await store._session.fetch("epoch_check"))[0]
            if era["stale"]:
                raise EpochStale
            if era["copied"]:
                raise EpochStale("The tables came back from a dump, and no epoch has begun in them.")
            store._payloads_apart = era["payloads_apart"]
            store._epoch = era["epoch"]
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Let running statements end, disconnect. A lead that was not released lasts for the rest of its time."""
        await self._session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
