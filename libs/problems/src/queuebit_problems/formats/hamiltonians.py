"""Pauli sums in JSON, in our own form and in those of the field: OpenFermion molecules and QED-C hydrogen chains.

Strings are taken as they are written: the leftmost letter is qubit 0. Which qubits hold how many particles comes with the forms
that state electrons, so that a search and the exact reference stay in the neutral molecule:

- OpenFermion ("qubit_hamiltonian", Jordan-Wigner, spin orbital 2p is alpha, 2p + 1 beta): of n electrons and multiplicity m,
  (n + m - 1) / 2 are alpha.
- QED-C "jordan_wigner_hamiltonian": one half of the qubits a spin; its strings run from the last spin orbital to the first (as
  Qiskit prints them), so that the right half is alpha.
- QED-C "paired_hamiltonian" (one qubit an orbital that is empty or holds a pair): as many ones as pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NoReturn

from pydantic import AfterValidator, Field, Strict, ValidationInfo

from queuebit_circuits.pauli import PauliSum
from queuebit_contracts.errors import FieldError
from queuebit_contracts.model import StrictModel
from queuebit_problems.checks import FAULTS_MAX, Place, raise_faults
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.numeric import VALUE_MAX, Real

QUBITS_MAX = 64
TERMS_MAX = 10_000
UNIT_LENGTH_MAX = 32
_OWN = frozenset({"qubits", "terms"})
_QEDC = ("paired_hamiltonian", "jordan_wigner_hamiltonian")

Terms = tuple[tuple[Real, str], ...]


def _letters(terms: Terms, info: ValidationInfo) -> Terms:
    qubits = info.data.get("qubits")
    if qubits is not None:
        raise_faults("observable", _faults(terms, qubits))
    return terms


def _faults(terms: Terms, qubits: int) -> Iterator[tuple[Place, str, str]]:
    if not terms:
        yield (), "length", "should have at least one term"
    seen = set[str]()
    for place, (_, letters) in enumerate(terms):
        fault = _fault(letters, qubits)
        if fault is not None:
            yield (place, 1), *fault
        elif letters in seen:
            yield (place, 1), "duplicate", "repeats a string; list each once, the coefficients added"
        seen.add(letters)


def _fault(letters: str, qubits: int) -> tuple[str, str] | None:
    if set(letters) - set("IXYZ"):
        return "letters", "should have letters of IXYZ only"
    if len(letters) != qubits:
        return "length", f"should have one letter for each of the {qubits} qubits, not {len(letters)}"
    return None


class Observable(StrictModel):
    """A sum of Pauli strings with real coefficients. Letter q of a string acts on qubit q: the leftmost letter is qubit 0."""

    qubits: Annotated[int, Strict(), Field(ge=1, le=QUBITS_MAX, description="How many qubits; they count from 0.")]
    terms: Annotated[
        Annotated[Terms, Field(max_length=TERMS_MAX)],
        AfterValidator(_letters),
        Field(
            description='Terms [coefficient, string], such as [0.5, "XIZ"]; each string once, one letter of IXYZ a qubit.',
        ),
    ]
    unit: Annotated[
        str, Field(max_length=UNIT_LENGTH_MAX, description="The unit of the coefficients and of the value.")
    ] = ""

    @property
    def sum(self) -> PauliSum:
        return PauliSum(self.qubits, tuple((float(c), letters) for c, letters in self.terms), self.unit)


def read_document(document: Mapping[str, Any], hamiltonian: str | None) -> dict[str, Any] | None:
    """{"observable", "particles"} of a document in one of the forms; None where it has none of them.

    `hamiltonian` chooses where a document has two: `paired` (also where it is None) or `jordan_wigner`. Raises UnreadableFile.
    """
    if document.keys() >= _OWN and "observable" not in document and _is_own(document["terms"]):
        about = {"name", "source", "description"}
        own = {key: value for key, value in document.items() if key not in about | {"particles"}}
        return {"observable": own, **({"particles": document["particles"]} if "particles" in document else {})}
    if "qubit_hamiltonian" in document:
        return _openfermion(document, hamiltonian)
    if any(name in document for name in _QEDC):
        return _qedc(document, hamiltonian)
    return None


def _is_own(terms: Any) -> bool:
    """Whether it lists terms with strings, unlike the terms of other kinds; an empty list is nobody's."""
    return (
        isinstance(terms, list)
        and bool(terms)
        and all(isinstance(term, list) and len(term) == 2 and isinstance(term[1], str) for term in terms[:100])
    )


def _openfermion(document: Mapping[str, Any], hamiltonian: str | None) -> dict[str, Any]:
    if hamiltonian not in (None, "jordan_wigner"):
        _refuse(
            "/qubit_hamiltonian", "hamiltonian", "is the only one of the file: jordan_wigner", "Leave hamiltonian out."
        )
    held = document["qubit_hamiltonian"]
    if not isinstance(held, dict) or "terms" not in held:
        _refuse("/qubit_hamiltonian", "missing", 'should be an object with "terms"', "State the terms.")
    observable = _observable(held["terms"], "/qubit_hamiltonian/terms")
    qubits = observable["qubits"]
    stated = document.get("n_qubits", qubits)
    if stated != qubits:
        _refuse("/n_qubits", "inconsistent", f"should be {qubits}, as the strings are long", "Correct one of them.")
    terms = held.get("n_terms", len(observable["terms"]))
    if terms != len(observable["terms"]):
        detail = f"should be {len(observable['terms'])}, as many as there are"
        _refuse("/qubit_hamiltonian/n_terms", "inconsistent", detail, "State all terms; the file may be cut off.")
    if "n_electrons" not in document or not str(held.get("mapping", "")).startswith("Jordan-Wigner"):
        return {"observable": observable}
    if qubits % 2:
        _refuse("/qubit_hamiltonian/terms", "inconsistent", "should have an even number of qubits, one a spin orbital")
    electrons = _whole(document, "n_electrons", 0, qubits)
    multiplicity = _whole(document, "multiplicity", 1, qubits + 1) if "multiplicity" in document else 1 + electrons % 2
    alpha, odd = divmod(electrons + multiplicity - 1, 2)
    if odd or not 0 <= electrons - alpha <= qubits // 2 or alpha > qubits // 2:
        detail = f"should be a multiplicity that {electrons} electrons in {qubits // 2} orbitals can have"
        _refuse("/multiplicity", "inconsistent", detail)
    return _with_spins(observable, range(0, qubits, 2), alpha, range(1, qubits, 2), electrons - alpha)


def _qedc(document: Mapping[str, Any], hamiltonian: str | None) -> dict[str, Any]:
    chosen = f"{hamiltonian}_hamiltonian" if hamiltonian else next(name for name in _QEDC if name in document)
    if chosen not in _QEDC or chosen not in document:
        known = ", ".join(name.removesuffix("_hamiltonian") for name in _QEDC if name in document)
        _refuse(
            "", "hamiltonian", f"has no Hamiltonian {str(hamiltonian)[:40]!r}", f"State hamiltonian as one of: {known}."
        )
    observable = _observable(document[chosen], f"/{chosen}")
    qubits = observable["qubits"]
    if not document.keys() >= {"spatial_orbitals", "alpha_electrons", "beta_electrons"}:
        return {"observable": observable}
    orbitals = _whole(document, "spatial_orbitals", 1, QUBITS_MAX)
    alpha = _whole(document, "alpha_electrons", 0, orbitals)
    beta = _whole(document, "beta_electrons", 0, orbitals)
    wanted = orbitals if chosen == "paired_hamiltonian" else 2 * orbitals
    if qubits != wanted:
        detail = f"should have {wanted} letters a string, as {orbitals} spatial orbitals need, not {qubits}"
        _refuse(f"/{chosen}", "inconsistent", detail)
    if chosen == "jordan_wigner_hamiltonian":
        return _with_spins(observable, range(orbitals, qubits), alpha, range(orbitals), beta)
    if alpha != beta:
        _refuse("/beta_electrons", "inconsistent", "should be as many as alpha electrons where all are paired")
    return {"observable": observable, "particles": [{"qubits": list(range(qubits)), "count": alpha}]}


def _with_spins(observable: dict[str, Any], alpha: range, up: int, beta: range, down: int) -> dict[str, Any]:
    groups = [{"qubits": list(alpha), "count": up}, {"qubits": list(beta), "count": down}]
    return {"observable": observable, "particles": groups}


def _observable(terms: Any, pointer: str) -> dict[str, Any]:
    """Strings and their coefficients as an observable in hartree, checked place by place."""
    if not isinstance(terms, dict) or not terms:
        _refuse(pointer, "object_type", "should be an object of coefficients by string, not empty")
    if len(terms) > TERMS_MAX:
        _refuse(pointer, "length", f"should have at most {TERMS_MAX} terms, not {len(terms)}", "State a smaller one.")
    qubits = len(next(iter(terms)))
    if not 1 <= qubits <= QUBITS_MAX:
        _refuse(
            pointer, "length", f"should have strings of 1 to {QUBITS_MAX} letters, not {qubits}", "Use fewer qubits."
        )
    faults: list[FieldError] = []
    for letters, coefficient in terms.items():
        fault = _fault(letters, qubits) or _not_real(coefficient)
        if fault is not None:
            faults.append(FieldError(f"{pointer}/{letters[:QUBITS_MAX]}", *fault))
    if faults:
        raise UnreadableFile(
            f"The Hamiltonian is not valid: {'; '.join(str(fault) for fault in faults[:3])}.",
            remedy="Give each string one letter of IXYZ a qubit and a finite real coefficient.",
            fields=faults[:FAULTS_MAX],
        )
    listed = [[coefficient, letters] for letters, coefficient in terms.items()]
    return {"qubits": qubits, "terms": listed, "unit": "hartree"}


def _not_real(coefficient: Any) -> tuple[str, str] | None:
    if type(coefficient) in (int, float) and -VALUE_MAX <= coefficient <= VALUE_MAX:
        return None
    return "number", "should be a finite real number of magnitude at most 1e15; Hermitian sums have no complex ones"


def _whole(document: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = document[name]
    if type(value) is not int or not least <= value <= most:
        _refuse(f"/{name}", "range", f"should be a whole number from {least} to {most}")
    return value


def _refuse(pointer: str, code: str, detail: str, remedy: str = "Correct the named field.") -> NoReturn:
    field = FieldError(pointer, code, detail)
    raise UnreadableFile(f"The Hamiltonian cannot be read: {field}.", remedy=remedy, fields=(field,))
