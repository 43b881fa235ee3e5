"""Errors of problems: permanent, and each names the field or line and the remedy."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_contracts.errors import FieldError


class ProblemError(Exception):
    """Something is wrong with the problem as stated."""

    code = "problem_error"
    transient = False

    def __init__(self, detail: str, *, remedy: str, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.fields = tuple(fields)


class UnknownKind(ProblemError):
    """No module is installed for this kind or version."""

    code = "unknown_kind"


class InvalidStatement(ProblemError):
    """The statement breaks the bounds of its kind."""

    code = "invalid_statement"


class UnreadableFile(ProblemError):
    """The file does not follow any format that the kind reads."""

    code = "unreadable_file"
