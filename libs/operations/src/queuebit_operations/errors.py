"""Errors of the operators' tools: each says what is wrong and what to do about it, and which exit code it stands for."""

from __future__ import annotations


class OperationsError(Exception):
    """The verb could not do what it was asked."""

    code = "operations_error"
    transient = False

    def __init__(self, detail: str, *, remedy: str = "") -> None:
        super().__init__(f"{detail} {remedy}".strip())
        self.detail = detail
        self.remedy = remedy


class NotThere(OperationsError):
    """What was named does not exist."""

    code = "not_found"


class BadArgument(OperationsError):
    """An argument, a file or a setting cannot be used."""

    code = "bad_argument"


class InConflict(OperationsError):
    """What is there already stands against it."""

    code = "conflict"


class NotAllowed(OperationsError):
    """The role does not allow it."""

    code = "role_forbids"


class Unreachable(OperationsError):
    """PostgreSQL or Kafka does not answer."""

    code = "unreachable"
    transient = True
