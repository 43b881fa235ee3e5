"""The form of the answer to a kernel: tables of numbers, and what may stand beside a sampled one."""

from __future__ import annotations

import math

from queuebit_contracts.errors import FieldError
from queuebit_problems.checks import FAULTS_MAX
from queuebit_problems.kind import Answer


def table_errors(answer: Answer, key: str, rows: int, columns: int, place: str = "") -> list[FieldError]:
    """What is wrong with a table of finite numbers; `place` is where the answer stands."""
    if key not in answer:
        return [FieldError(f"{place}/{key}", "missing", f"is missing; it should be {rows} rows of {columns} numbers")]
    table = answer[key]
    if not isinstance(table, list | tuple) or not all(isinstance(row, list | tuple) for row in table):
        return [FieldError(f"{place}/{key}", "list_type", "should be a list of rows")]
    if len(table) != rows:
        return [FieldError(f"{place}/{key}", "length", f"should have {rows} rows, not {len(table)}")]
    errors: list[FieldError] = []
    for number, row in enumerate(table):
        if len(row) != columns:
            errors.append(
                FieldError(f"{place}/{key}/{number}", "length", f"should have {columns} numbers, not {len(row)}")
            )
        wrong = (k for k, each in enumerate(row) if type(each) not in (int, float) or not math.isfinite(each))
        errors += [FieldError(f"{place}/{key}/{number}/{k}", "number", "should be a finite number") for k in wrong]
    return errors[:FAULTS_MAX]


def repaired_errors(answer: Answer, train: int) -> list[FieldError]:
    """What is wrong with the repaired train matrix of an answer that has one."""
    repaired = answer.get("repaired")
    if repaired is None:
        return []
    if not isinstance(repaired, dict):
        return [FieldError("/repaired", "dict_type", "should be an object with train and least_eigenvalue")]
    errors = table_errors(repaired, "train", train, train, "/repaired")
    least = repaired.get("least_eigenvalue")
    if not isinstance(least, int | float) or isinstance(least, bool) or not math.isfinite(least):
        errors.append(FieldError("/repaired/least_eigenvalue", "number", "should be a finite number"))
    return errors
