"""What only PostgreSQL can show."""

from tests.contract.store.fixtures import admin, empty_settings, postgres_store, settings

__all__ = ["admin", "empty_settings", "postgres_store", "settings"]
