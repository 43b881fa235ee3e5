"""Errors of the contracts: each names what is wrong, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError

FIELD_LENGTH_MAX = 200
"""A pointer, and what is said about a field, is cut at this length: names in a message may be as long as the message."""
TEXT_LENGTH_MAX = 2000
"""A whole explanation is cut at this length."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field. `pointer` is a JSON pointer (RFC 6901) into the data; empty for the whole."""

    pointer: str
    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer or '(the whole)'}: {self.detail}"


class ContractError(Exception):
    """A message does not keep the contract."""

    code = "contract_error"
    transient = False

    def __init__(self, detail: str, *, remedy: str, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.fields = tuple(fields)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), self.detail, remedy=self.remedy, fields=self.fields), ()


class ProblemError(Exception):
    """Something is wrong with a problem as stated: permanent. The root of what circuits and problem kinds raise."""

    code = "problem_error"
    transient = False

    def __init__(self, detail: str, *, remedy: str, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.fields = tuple(fields)


class MalformedEnvelope(ContractError):
    """The record is not a CloudEvents 1.0 message that Queuebit can read."""

    code = "malformed_envelope"


class UnknownType(ContractError):
    """The type or version of the message is not one that this consumer knows."""

    code = "unknown_type"


class InvalidData(ContractError):
    """The data of the message does not fit its type."""

    code = "invalid_data"


def shortened(text: str, length_max: int) -> str:
    """The text, cut with an ellipsis where it is longer."""
    return text if len(text) <= length_max else f"{text[: length_max - 1]}…"


def field_errors(error: ValidationError, *, prefix: str = "", fields_max: int = 20) -> tuple[FieldError, ...]:
    """The fields a pydantic error names, the first ones, without their values: a value may be a customer's data."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return tuple(
        FieldError(
            pointer=_pointer(prefix, item["loc"]), code=item["type"], detail=shortened(item["msg"], FIELD_LENGTH_MAX)
        )
        for item in found[:fields_max]
    )


def _pointer(prefix: str, place: tuple[int | str, ...]) -> str:
    return shortened(prefix + "".join(f"/{_escape(part)}" for part in place), FIELD_LENGTH_MAX)


def _escape(part: int | str) -> str:
    # What is cut off here would be cut off the pointer anyway.
    return str(part)[:FIELD_LENGTH_MAX].replace("~", "~0").replace("/", "~1")
