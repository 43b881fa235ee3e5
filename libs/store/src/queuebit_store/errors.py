"""Errors of the store. What asyncpg and the operating system raise is wrapped once, in the PostgreSQL adapter."""

from __future__ import annotations


class StoreError(Exception):
    """The store refused or failed."""

    code = "store_error"
    transient = False
    of_one = False
    """Whether one item of a batch may be at fault: then the others, sent without it, pass."""
    remedy = ""

    def __init__(self, detail: str | None = None, *, remedy: str | None = None) -> None:
        self.detail = detail or (self.__doc__ or "").strip()
        self.remedy = type(self).remedy if remedy is None else remedy
        super().__init__(f"{self.detail} {self.remedy}".strip())


class StoreUnavailable(StoreError):
    """The store cannot be reached, or gave up for now; whether a write took effect is unknown."""

    code = "store_unavailable"
    transient = True
    remedy = "Try again; check that PostgreSQL runs and accepts connections."


class StoreLocked(StoreUnavailable):
    """Somebody else held what the statement needed for too long; nothing was done."""

    code = "store_locked"
    remedy = "Try again; `queuebit ops status` says who holds up others."


class SchemaMismatch(StoreError):
    """The tables in the database are not the ones that this version works with."""

    code = "schema_mismatch"
    remedy = "Run `python -m queuebit_store migrate`."


class MigrationChanged(StoreError):
    """A migration that was already applied has another text now."""

    code = "migration_changed"
    remedy = "Restore the file as it was applied, and put the change into a new migration."


class EpochStale(StoreError):
    """The database gives out transaction ids below those of stored events: it was restored from a dump."""

    code = "epoch_stale"
    remedy = "Stop every service that uses this database, then run `queuebit ops new-epoch`."


class InvalidBatch(StoreError):
    """The batch breaks a rule of the port; nothing was written."""

    code = "invalid_batch"
    of_one = True
    remedy = "Correct the batch, or send its parts one by one to find the bad one."


class PayloadGone(StoreError):
    """A large part of an event is stored no more."""

    code = "payload_gone"
    of_one = True
    remedy = "Restore the table `payload` from a backup."


class ArtifactTooLarge(StoreError):
    """An artifact is larger than what is kept."""

    code = "artifact_too_large"
    of_one = True
    remedy = "Raise QUEUEBIT_ARTIFACT_MIB_MAX."


class ArtifactGone(StoreError):
    """There is no artifact with this hash."""

    code = "artifact_gone"
    of_one = True
    remedy = "Check QUEUEBIT_ARTIFACTS; what is older than its retention is kept no more."


class ArtifactDamaged(StoreError):
    """What is kept under a hash has another one."""

    code = "artifact_damaged"
    of_one = True
    remedy = "Restore it from a backup; nothing reads it as it is."


class AlreadyExists(StoreError):
    """Something with this key is stored already."""

    code = "already_exists"
    of_one = True


class UnknownTenant(StoreError):
    """The tenant is not registered."""

    code = "unknown_tenant"
    of_one = True
    remedy = "Add the tenant first."


class InvalidSettings(StoreError):
    """The settings of the store are not usable."""

    code = "invalid_settings"


class StoreFailed(StoreError):
    """PostgreSQL refused a statement for a reason that trying again will not change."""

    code = "store_failed"
    of_one = True


class StatementRefused(StoreFailed):
    """PostgreSQL refuses the statement itself, whatever its values are: rights or settings are not as they must be."""

    code = "statement_refused"
    of_one = False
    remedy = "Check what the user of the URL may do in the schema of the namespace."
