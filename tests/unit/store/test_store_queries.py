"""The SQL files: named, said what for, all used; and the ports are what the adapters implement."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import queuebit_store
from queuebit_store.connections.queries import queries
from queuebit_store.diagnosis.port import Diagnosis
from queuebit_store.errors import SchemaMismatch, StoreError, StoreUnavailable
from queuebit_store.leadership.port import Leadership
from queuebit_store.memory import MemoryStore
from queuebit_store.ports import Directory, EventLog, Heads, Idempotency, OrderedReaderCursors, StreamStore
from queuebit_store.postgres import PostgresSettings, PostgresStore

OF_THE_APPEND = ("charged", "affordable", "booked")
"""What the ledger of budgets adds to the append."""


def test_each_query_has_a_name_a_purpose_and_a_user() -> None:
    folder = Path(str(files(queuebit_store)))
    code = "".join(path.read_text() for path in folder.rglob("*.py"))

    rooms = "".join(path.read_text() for path in folder.rglob("statements.sql"))

    assert len(queries()) == rooms.count("-- name: ")
    for name, text in queries().items():
        assert re.match(rf"-- name: {name}\n-- [A-Z].*[.:,\w;]\n", text), name
        assert text.endswith(";") or "{build}" in text or name in OF_THE_APPEND, name
        assert f'"{name}"' in code, name


def _takes(store: StreamStore, cursors: OrderedReaderCursors, directory: Directory, leadership: Leadership) -> None: ...


def _signatures_fit(memory: MemoryStore, postgres: PostgresStore) -> None:
    """For the type checker alone."""
    _takes(memory, memory, memory, memory)
    _takes(postgres, postgres, postgres, postgres)


def test_both_adapters_have_every_operation_of_every_port() -> None:
    for port in (EventLog, Heads, Idempotency, OrderedReaderCursors, Directory, Leadership, Diagnosis):
        for operation in (name for name in vars(port) if not name.startswith("_")):
            assert hasattr(PostgresStore, operation)
            assert hasattr(MemoryStore, operation)


def test_errors_say_what_and_what_to_do() -> None:
    assert (StoreUnavailable.transient, SchemaMismatch.transient, StoreError.transient) == (True, False, False)
    assert str(SchemaMismatch("The table is missing.")) == (
        "The table is missing. Run `python -m queuebit_store migrate`."
    )
    assert str(StoreUnavailable()).startswith("The store cannot be reached, or gave up for now;")


def test_settings_do_not_show_the_password() -> None:
    assert "secret" not in repr(PostgresSettings("postgresql://u:secret@h/d"))
