"""What conversions have in common: kinds that are asked for, numbers as JSON has them, and refusals."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any, NoReturn

from queuebit_client.errors import InvalidRequest

IMAGINARY_MAX = 1e-12


def one_of(kind: str | None, what: str, kinds: Collection[str]) -> str:
    """The kind that is asked for, where the object can be one. Raises InvalidRequest."""
    if kind in kinds:
        return str(kind)
    asked = "needs its kind named" if kind is None else f"cannot be asked as {kind}"
    raise InvalidRequest(f"A {what} {asked}.", remedy=f"Give kind= one of: {', '.join(kinds)}.")


def refuse(detail: str, remedy: str) -> NoReturn:
    raise InvalidRequest(detail, remedy=remedy)


def number(value: Any) -> int | float:
    """A number of any package as one that JSON has; whole numbers stay whole. Raises InvalidRequest."""
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, bool | int):
        return int(plain)
    try:
        found = float(plain)
    except (TypeError, ValueError):
        refuse(f"{str(value)[:60]!r} is no number.", "State numbers.")
    if not math.isfinite(found):
        refuse(f"{found} is no finite number.", "State finite numbers.")
    return found


def real(value: Any) -> float:
    """A coefficient, which a Hermitian operator has without an imaginary part. Raises InvalidRequest."""
    found = complex(value)
    if abs(found.imag) > IMAGINARY_MAX:
        refuse(f"The coefficient {found} is not real.", "State a Hermitian operator.")
    return found.real


def observable(qubits: int, terms: dict[str, float]) -> dict[str, Any]:
    """An observable; the leftmost letter of a string acts on qubit 0."""
    return {"qubits": qubits, "terms": [[coefficient, letters] for letters, coefficient in terms.items()]}


def letters_of(places: dict[int, str], qubits: int) -> str:
    return "".join(places.get(qubit, "I") for qubit in range(qubits))
