"""Errors of asyncpg and of the network become errors of the store, here and nowhere else.

Whatever a call of the driver raises is translated, also what nobody foresaw: when the server cuts a session, asyncpg may raise
an InternalClientError, whose only base is Exception. Of such an error nobody knows whether the statement took effect. Only
calls of the driver stand under `translated`, so that a mistake in our own code stays one.

Texts are the server's short message without its DETAIL, which may quote a customer's data; for the same reason the original
is not chained.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from queuebit_store.errors import (
    AlreadyExists,
    InvalidBatch,
    InvalidSettings,
    SchemaMismatch,
    StatementRefused,
    StoreError,
    StoreFailed,
    StoreLocked,
    StoreUnavailable,
    UnknownTenant,
)

_TRANSIENT_CLASSES = ("08", "40", "53", "55", "57", "58", "25", "0A")
"""Connection, rollback, resources, not in the right state, operator, system, transaction state, plan out of date."""
_LOCKED_STATE = "55P03"
"""A lock was not to be had within `lock_timeout`."""
_MISSING_STATES = ("42P01", "42703", "3F000", "42704", "42883")
"""Undefined table, column, schema, object, function."""
_LOGIN_CLASSES = ("28", "3D")
_STATEMENT_CLASSES = ("26", "42", "F0")
"""No such statement, its syntax or the rights to it, the server's configuration: no value is to blame."""
_CHECK_STATE = "23514"
"""Against a check, which is named, or against the bounds of a partition, which have no name."""
_VALUE_STATES = ("22", "54", "23502", _CHECK_STATE)
"""Bad data, beyond a limit of the server (an index row too large, JSON nested too deeply), null, against a check."""
_UNIQUE_STATE = "23505"
_FOREIGN_KEY_STATE = "23503"
"""The only foreign key is the tenant of an API key."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise StoreError in the place of whatever asyncpg and the operating system raise."""
    try:
        yield
    except StoreError:
        raise
    except asyncpg.PostgresError as error:
        raise _from_server(error) from None
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise StoreUnavailable(f"The connection to PostgreSQL is not usable: {error}.") from None
    except OSError as error:
        raise StoreUnavailable(f"PostgreSQL does not answer: {error or type(error).__name__}.") from error
    except Exception as error:
        raise StoreUnavailable(f"The driver of PostgreSQL failed: {type(error).__name__}.") from error


def _from_server(error: asyncpg.PostgresError) -> StoreError:
    state = error.sqlstate or ""
    message: str | None = getattr(error, "message", None)
    if message is None:
        # Raised by asyncpg itself, before anything was sent; its text may quote a value.
        if isinstance(error, asyncpg.DataError):
            return InvalidBatch("A value does not fit the type of its column.")
        return StoreUnavailable(f"The connection to PostgreSQL broke ({type(error).__name__}).")
    text = f"PostgreSQL says: {message} ({state})."
    if state == _LOCKED_STATE:
        return StoreLocked(text)
    if state.startswith(_TRANSIENT_CLASSES) or _is_of_a_new_partition(state, error):
        return StoreUnavailable(text)
    if state in _MISSING_STATES:
        return SchemaMismatch(text)
    if state == _UNIQUE_STATE:
        return AlreadyExists()
    if state == _FOREIGN_KEY_STATE:
        return UnknownTenant()
    if state.startswith(_VALUE_STATES):
        return InvalidBatch(text)
    if state.startswith(_STATEMENT_CLASSES):
        return StatementRefused(text)
    if state.startswith(_LOGIN_CLASSES):
        return InvalidSettings(text, remedy="Check user, password and database in the URL.")
    return StoreFailed(text)


def _is_of_a_new_partition(state: str, error: asyncpg.PostgresError) -> bool:
    """Whether a row was on its way into the rest of a table when its partition was made: the next time it finds it."""
    return state == _CHECK_STATE and not getattr(error, "constraint_name", None)
