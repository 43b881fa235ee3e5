"""Errors of problems: permanent, and each names the field or line and the remedy. Their root is also that of circuits."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_contracts.errors import FieldError, ProblemError

__all__ = [
    "BrokenKind",
    "InvalidStatement",
    "NotReplanned",
    "OutOfBudget",
    "ProblemError",
    "TooManyQubits",
    "UnknownInstance",
    "UnknownKind",
    "UnreadableFile",
    "WrongFamily",
]


class UnknownKind(ProblemError):
    """No module is installed for this kind or version."""

    code = "unknown_kind"


class WrongFamily(ProblemError):
    """The kind is of another family: not every kind is an optimisation problem."""

    code = "wrong_family"


class BrokenKind(ProblemError):
    """An installed package offers this kind, but what it offers cannot be used."""

    code = "broken_kind"


class InvalidStatement(ProblemError):
    """The statement breaks the bounds of its kind."""

    code = "invalid_statement"


class NotReplanned(ProblemError):
    """A plan of this kind cannot be kept to an earlier one in this way."""

    code = "not_replanned"


class TooManyQubits(ProblemError):
    """The QUBO of this problem is larger than the kind is willing to write down."""

    code = "too_many_qubits"


class OutOfBudget(ProblemError):
    """The budget ended before there was any answer."""

    code = "out_of_budget"


class UnknownInstance(ProblemError):
    """No instance of this name comes with the package."""

    code = "unknown_instance"


class UnreadableFile(ProblemError):
    """The file does not follow any format that the kind reads. `line` counts from 1; None where no line is to blame."""

    code = "unreadable_file"

    def __init__(self, detail: str, *, remedy: str, fields: Sequence[FieldError] = (), line: int | None = None) -> None:
        super().__init__(detail, remedy=remedy, fields=fields)
        self.line = line
