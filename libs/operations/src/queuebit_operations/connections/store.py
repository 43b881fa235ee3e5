"""The store as an operator sees it: also one that the services refuse to work with, such as one that was just restored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from queuebit_store.attempts.postgres import PostgresAttempts
from queuebit_store.audit.postgres import PostgresAuditTrail
from queuebit_store.backends.postgres import PostgresBackendReports
from queuebit_store.budgets.postgres import PostgresBudgets
from queuebit_store.connections.migrations import check_schema
from queuebit_store.connections.session import Session
from queuebit_store.connections.settings import PostgresSettings, settings_from
from queuebit_store.diagnosis.postgres import PostgresDiagnosis
from queuebit_store.evidence.postgres import PostgresEvidence
from queuebit_store.gates.postgres import PostgresGates, PostgresKillSwitches
from queuebit_store.heads.postgres import PostgresHeads
from queuebit_store.keys.postgres import PostgresKeys
from queuebit_store.leadership.postgres import PostgresLeadership
from queuebit_store.log.postgres import PostgresCursors, PostgresLog
from queuebit_store.projections.postgres import PostgresProjections
from queuebit_store.submissions.postgres import PostgresSubmissions

SERVICE = "ops"
"""What the server's own views call our sessions: queuebit-ops-…"""


class OperatorStore(
    PostgresLog,
    PostgresHeads,
    PostgresCursors,
    PostgresLeadership,
    PostgresDiagnosis,
    PostgresProjections,
    PostgresBackendReports,
    PostgresBudgets,
):
    """The rooms of the store that hold what happened and what follows from it. Made by `opened_store`."""

    @property
    def session(self) -> Session:
        return self._session


class SubmissionStore(PostgresSubmissions, PostgresAttempts, PostgresGates, PostgresKillSwitches, PostgresEvidence):
    """What was handed in, who waits for it, which backends answer, and what was seen. Made by `opened_submissions`."""


class BudgetStore(PostgresBudgets, PostgresSubmissions):
    """What may be spent and was, and what was handed in for it. Made by `opened_budgets`."""


class KeyedStore(OperatorStore, PostgresKeys, PostgresAuditTrail):
    """What happened, and the keys of those whose data it holds. Made by `opened_keys`."""


class SwitchStore(OperatorStore, PostgresKillSwitches, PostgresSubmissions):
    """What a kill switch acts on. Made by `opened_switches`."""


def postgres_settings(env: Mapping[str, str]) -> PostgresSettings:
    """As the services read them. Raises InvalidSettings."""
    return settings_from(env, service=SERVICE)


@asynccontextmanager
async def opened_submissions(env: Mapping[str, str]) -> AsyncIterator[SubmissionStore]:
    """The ledger of submissions, with the tables that this version works with. Raises what the store raises."""
    async with _session(env) as session:
        yield SubmissionStore(session)


@asynccontextmanager
async def opened_budgets(env: Mapping[str, str]) -> AsyncIterator[BudgetStore]:
    """The ledger of budgets, with the tables that this version works with. Raises what the store raises."""
    async with _session(env) as session:
        yield BudgetStore(session)


@asynccontextmanager
async def opened_keys(env: Mapping[str, str]) -> AsyncIterator[KeyedStore]:
    """The keys of subjects beside what happened. Raises what the store raises."""
    async with _session(env) as session:
        yield KeyedStore(session)


@asynccontextmanager
async def opened_switches(env: Mapping[str, str]) -> AsyncIterator[SwitchStore]:
    """What a kill switch acts on, with the tables that this version works with. Raises what the store raises."""
    async with _session(env) as session:
        yield SwitchStore(session)


@asynccontextmanager
async def opened_store(env: Mapping[str, str]) -> AsyncIterator[OperatorStore]:
    """Connected, with the tables that this version works with. Raises what the store raises."""
    async with _session(env) as session:
        yield OperatorStore(session)


@asynccontextmanager
async def _session(env: Mapping[str, str]) -> AsyncIterator[Session]:
    session = Session(postgres_settings(env))
    try:
        await session.open()
        await check_schema(session)
        yield session
    finally:
        await session.close()
