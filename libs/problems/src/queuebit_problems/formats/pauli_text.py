"""Pauli sums as programs print them: OpenFermion's and PennyLane's text, and the pairs of Qiskit's SparsePauliOp.to_list()
as JSON or as Python prints them.

Qubits keep their numbers: X0 of OpenFermion, X(0) of PennyLane and the rightmost letter of Qiskit all act on qubit 0.
"""

from __future__ import annotations

import json
import re
from typing import Any

from queuebit_contracts.jobs import Number
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.formats.pennylane_text import NoTerm, begins_as_pennylane, read_pennylane

QUBITS_MAX = 64
TERMS_MAX = 10_000
# Spaces are taken whole (*+): shared out between neighbours in every way, a few thousand of them would take minutes.
_COEFFICIENT = r"\(?\s*+(?P<real>[+-]?\s*+[0-9.]++(?:[eE][+-]?[0-9]+)?)\s*+(?:[+-]\s*+0(?:\.0*)?j)?\s*+\)?"
_OPENFERMION = re.compile(rf"\s*+{_COEFFICIENT}\s*+\[(?P<factors>[^\]]*)\]\s*+(?:\+|$)")
_PYTHON_PAIR = re.compile(
    r"\s*+\(\s*+['\"](?P<letters>[IXYZ]{1,64})['\"]\s*+,\s*+\(?(?P<real>[+-]?[0-9.]++(?:[eE][+-]?[0-9]+)?)"
    r"(?:[+-]0(?:\.0*)?j)?\)?\s*+\)\s*+(?:,|(?=\]))"
)
_PAIRS_END = re.compile(r"\s*+\]\Z")
_FACTOR = re.compile(r"([IXYZ])\(?([0-9]{1,4})\)?")
_REMEDY = "Write real coefficients and factors of X, Y, Z with the number of their qubit, such as `0.5 [X0 Z1] +`."


def layout_of(text: str) -> str | None:
    """Which of these a text is: openfermion, pennylane or qiskit; None where it is none."""
    start = text.lstrip()
    if re.match(r"\[\s*[\[(]\s*[\"'][IXYZ]+[\"']", start):
        return "qiskit"
    if _OPENFERMION.match(start):
        return "openfermion"
    return "pennylane" if begins_as_pennylane(start) else None


def read_pauli_text(text: str, file_name: str) -> dict[str, Any] | None:
    """{"qubits", "terms"} of a text in one of these layouts; None where it has none of them. Raises UnreadableFile."""
    layout = layout_of(text)
    if layout is None:
        return None
    if layout == "qiskit":
        return _pairs(text, file_name)
    if layout == "pennylane":
        return _of_pennylane(text.strip(), file_name)
    place = 0
    terms: dict[tuple[tuple[int, str], ...], Number] = {}
    text = text.strip()
    while place < len(text):
        match = _OPENFERMION.match(text, place)
        if match is None:
            raise _no_term(text, place, layout, file_name)
        factors = _factors(match["factors"], file_name)
        if factors in terms:
            raise _refused(file_name, f"the product {match['factors'] or 'I'} stands twice")
        terms[factors] = _number(match["real"].replace(" ", ""), file_name)
        place = match.end()
    if len(terms) > TERMS_MAX:
        raise _refused(file_name, f"there are more than {TERMS_MAX} terms")
    return _listed(terms)


def _of_pennylane(text: str, file_name: str) -> dict[str, Any]:
    try:
        terms = read_pennylane(text, TERMS_MAX)
    except NoTerm as error:
        raise _no_term(text, error.place, "pennylane", file_name, error.detail) from None
    most = max((qubit for factors in terms for qubit, _ in factors), default=0)
    if most >= QUBITS_MAX:
        raise _refused(file_name, f"it names qubit {most}; at most {QUBITS_MAX} are taken")
    return _listed({factors: _number(repr(value), file_name) for factors, value in terms.items()})


def _listed(terms: dict[tuple[tuple[int, str], ...], Number]) -> dict[str, Any]:
    qubits = 1 + max((qubit for factors in terms for qubit, _ in factors), default=0)
    return {"qubits": qubits, "terms": [[value, _letters(factors, qubits)] for factors, value in terms.items()]}


def _no_term(text: str, place: int, layout: str, file_name: str, detail: str = "") -> UnreadableFile:
    line = text.count("\n", 0, place + len(text[place:]) - len(text[place:].lstrip())) + 1
    told = detail or f"{text[place : place + 40].strip()!r} is no real term of {layout}"
    return _refused(file_name, f"line {line}: {told}")


def _factors(text: str, file_name: str) -> tuple[tuple[int, str], ...]:
    found: dict[int, str] = {}
    for letter, number in _FACTOR.findall(text):
        qubit = int(number)
        if qubit in found or qubit >= QUBITS_MAX:
            detail = (
                f"names qubit {qubit} twice"
                if qubit in found
                else f"names qubit {qubit}; at most {QUBITS_MAX} are taken"
            )
            raise _refused(file_name, f"the product {text[:40]!r} {detail}")
        found[qubit] = letter
    left = _FACTOR.sub("", text).replace("@", "").strip()
    if left:
        raise _refused(file_name, f"the product {text[:40]!r} holds {left[:20]!r}")
    return tuple(sorted((qubit, letter) for qubit, letter in found.items() if letter != "I"))


def _letters(factors: tuple[tuple[int, str], ...], qubits: int) -> str:
    letters = ["I"] * qubits
    for qubit, letter in factors:
        letters[qubit] = letter
    return "".join(letters)


def _pairs(text: str, file_name: str) -> dict[str, Any]:
    if text.lstrip()[1:].lstrip().startswith("("):
        return _python_pairs(text.strip(), file_name)
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        raise _refused(file_name, "it begins like a list of pairs, but is no JSON") from None
    terms = []
    for pair in listed:
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise _refused(file_name, "each term should be a pair [letters, coefficient]")
        letters, value = pair
        if isinstance(value, list) and len(value) == 2 and value[1] == 0:
            value = value[0]
        if type(value) not in (int, float):
            raise _refused(file_name, f"the coefficient of {letters[:40]} is no real number")
        terms.append([value, letters[::-1]])
    return {"qubits": len(terms[0][1]), "terms": terms}


def _python_pairs(text: str, file_name: str) -> dict[str, Any]:
    """`[('XX', (0.5+0j)), …]`, as Python prints SparsePauliOp.to_list()."""
    place, terms = 1, list[list[Any]]()
    while _PAIRS_END.match(text, place) is None:
        match = _PYTHON_PAIR.match(text, place)
        if match is None:
            raise _no_term(text, place, "qiskit", file_name)
        terms.append([_number(match["real"], file_name), match["letters"][::-1]])
        place = match.end()
        if len(terms) > TERMS_MAX:
            raise _refused(file_name, f"there are more than {TERMS_MAX} terms")
    return {"qubits": len(terms[0][1]), "terms": terms}


def _number(text: str, file_name: str) -> Number:
    try:
        value = float(text)
    except ValueError:
        raise _refused(file_name, f"{text[:40]!r} is no number") from None
    return int(value) if value.is_integer() and "." not in text and "e" not in text.lower() else value


def _refused(file_name: str, detail: str) -> UnreadableFile:
    return UnreadableFile(f"{file_name or 'The Hamiltonian'}: {detail}.", remedy=_REMEDY)
