"""The store on PostgreSQL, through asyncpg."""

from queuebit_store.postgres.settings import PostgresSettings, settings_from
from queuebit_store.postgres.store import PostgresStore

__all__ = ["PostgresSettings", "PostgresStore", "settings_from"]
