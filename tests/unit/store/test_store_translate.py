"""Which errors of the server are about one value, which about the statement, and which pass by themselves."""

from __future__ import annotations

import asyncpg
import pytest

from queuebit_store.connections.translate import translated
from queuebit_store.errors import (
    InvalidBatch,
    SchemaMismatch,
    StatementRefused,
    StoreError,
    StoreFailed,
    StoreUnavailable,
)


def said(sqlstate: str, **fields: str) -> StoreError:
    """What a message of the server with that state becomes."""
    error = asyncpg.PostgresError.new({"S": "ERROR", "C": sqlstate, "M": "no", "D": "a customer's value", **fields})
    with pytest.raises(StoreError) as translation, translated():
        raise error
    return translation.value


@pytest.mark.parametrize(
    ("sqlstate", "kind", "transient", "of_one"),
    [
        ("22021", InvalidBatch, False, True),
        ("22P02", InvalidBatch, False, True),
        ("23502", InvalidBatch, False, True),
        ("54000", InvalidBatch, False, True),
        ("54001", InvalidBatch, False, True),
        ("XX000", StoreFailed, False, True),
        ("42501", StatementRefused, False, False),
        ("42601", StatementRefused, False, False),
        ("42P01", SchemaMismatch, False, False),
        ("40001", StoreUnavailable, True, False),
        ("53100", StoreUnavailable, True, False),
        ("57014", StoreUnavailable, True, False),
    ],
)
def test_a_state_tells_whether_to_try_again_and_whether_one_may_be_at_fault(
    sqlstate: str, kind: type[StoreError], transient: bool, of_one: bool
) -> None:
    error = said(sqlstate)

    assert (type(error), error.transient, error.of_one) == (kind, transient, of_one)
    assert "customer" not in str(error)


def test_a_check_that_fails_is_about_its_row_and_bounds_of_a_partition_are_not() -> None:
    """PostgreSQL names the check; that a partition was made meanwhile has the same state and names none."""
    check, bounds = said("23514", n="state_is_known"), said("23514")

    assert (type(check), check.of_one) == (InvalidBatch, True)
    assert (type(bounds), bounds.transient) == (StoreUnavailable, True)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        ConnectionResetError(),
        TimeoutError(),
        RuntimeError("nobody foresaw this"),
        AttributeError("nor this"),
    ],
)
def test_whatever_the_driver_raises_leaves_the_outcome_unknown(error: Exception) -> None:
    with pytest.raises(StoreUnavailable) as translation, translated():
        raise error
    assert translation.value.transient


def test_what_is_ours_already_stays_as_it_is() -> None:
    with pytest.raises(SchemaMismatch), translated():
        raise SchemaMismatch
