"""What statements and answers of several kinds check alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from queuebit_contracts.errors import FieldError

Place = tuple[int | str, ...]
FAULTS_MAX = 20


def raise_faults(title: str, faults: Iterable[tuple[Place, str, str]]) -> None:
    """Raise a ValidationError that names the place of each fault (place, code, message); do nothing where there is none.

    For model validators of statements: pydantic joins it with what else it found, places included.
    """
    errors: list[InitErrorDetails] = []
    for place, code, message in faults:
        text = message.replace("{", "(").replace("}", ")")
        errors.append(InitErrorDetails(type=PydanticCustomError(code, text), loc=place, input=None))
        if len(errors) == FAULTS_MAX:
            break
    if errors:
        raise ValidationError.from_exception_data(title, errors)


def table_faults(
    table: Sequence[Sequence[Any]], rows: int, columns: int, what: str
) -> Iterator[tuple[Place, str, str]]:
    """What is wrong with the shape of a table of `rows` rows and `columns` columns."""
    if len(table) != rows:
        yield (), "length", f"should have {rows} rows of {what}, not {len(table)}"
    for place, row in enumerate(table):
        if len(row) != columns:
            yield (place,), "length", f"should have {columns} {what}, not {len(row)}"


def bits_errors(answer: dict[str, Any], key: str, length: int) -> list[FieldError]:
    """What is wrong with a list of `length` zeros and ones under `key`; [] when nothing is."""
    if key not in answer:
        return [FieldError(f"/{key}", "missing", f"is missing; it should be a list of {length} values, each 0 or 1")]
    bits = answer[key]
    if not isinstance(bits, list | tuple):
        return [FieldError(f"/{key}", "list_type", "should be a list")]
    if len(bits) != length:
        return [FieldError(f"/{key}", "length", f"should have {length} values, not {len(bits)}")]
    if set(map(type, bits)) == {int} and not set(bits) - {0, 1}:
        return []
    wrong = [place for place, bit in enumerate(bits) if type(bit) is not int or bit not in (0, 1)]
    return [FieldError(f"/{key}/{place}", "bit", "should be 0 or 1") for place in wrong[:FAULTS_MAX]]


def integers_errors(answer: dict[str, Any], key: str, length: int, least: int, most: int) -> list[FieldError]:
    """What is wrong with a list of `length` whole numbers from `least` to `most` under `key`; [] when nothing is."""
    if key not in answer:
        text = f"is missing; it should be a list of {length} whole numbers from {least} to {most}"
        return [FieldError(f"/{key}", "missing", text)]
    values = answer[key]
    if not isinstance(values, list | tuple):
        return [FieldError(f"/{key}", "list_type", "should be a list")]
    if len(values) != length:
        return [FieldError(f"/{key}", "length", f"should have {length} values, not {len(values)}")]
    wrong = [place for place, value in enumerate(values) if type(value) is not int or not least <= value <= most]
    text = f"should be a whole number from {least} to {most}"
    return [FieldError(f"/{key}/{place}", "range", text) for place in wrong[:FAULTS_MAX]]
