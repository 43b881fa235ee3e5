"""Hamiltonians in the forms of the field: what is read, what comes with it, and what is refused by its field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from queuebit_problems import instances
from queuebit_problems.errors import InvalidStatement, ProblemError, UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.registry import kind_of

KIND = kind_of("expectation")
OWN: dict[str, Any] = {"qubits": 2, "terms": [[0.5, "ZI"], [-1, "XX"]], "unit": "eV"}


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(instances.load(name).text)
    return found


def particles(text: str, **params: str) -> list[tuple[int, list[int]]]:
    problem = read_problem(text, params=params)
    assert problem.kind == "expectation"
    return [(group["count"], group["qubits"]) for group in problem.statement["particles"]]


def test_our_own_form_is_an_observable_to_minimise() -> None:
    problem = read_problem(json.dumps({**OWN, "name": "a pair"}), params={"shots": 100, "layers": 2})

    assert (problem.kind, problem.statement) == (
        "expectation",
        {
            "observable": {"qubits": 2, "terms": [[0.5, "ZI"], [-1, "XX"]], "unit": "eV"},
            "circuit": None,
            "particles": [],
            "ansatz": None,
            "layers": 2,
            "shots": 100,
        },
    )
    assert KIND.parse(problem.statement).model_dump(mode="json") == problem.statement


def test_lines_of_coefficients_and_strings_are_the_same() -> None:
    text = "# a pair\n0.5 ZI\n-1 XX\n"

    problem = read_problem(text)

    assert problem.statement["observable"] == {**OWN, "unit": ""}


def test_openfermion_states_the_electrons_of_each_spin() -> None:
    text = instances.load("H2_6-31g_0.75").text

    assert particles(text) == [(1, [0, 2, 4, 6]), (1, [1, 3, 5, 7])]
    triplet = {**document("H2_sto-3g_0.7414"), "multiplicity": 3}
    assert particles(json.dumps(triplet)) == [(2, [0, 2]), (0, [1, 3])]


def test_a_chain_has_its_pairs_or_on_request_its_electrons() -> None:
    text = instances.load("h004_chain_000_75").text

    assert particles(text) == particles(text, hamiltonian="paired") == [(2, [0, 1, 2, 3])]
    assert particles(text, hamiltonian="jordan_wigner") == [(2, [4, 5, 6, 7]), (2, [0, 1, 2, 3])]


def test_a_document_of_another_kind_is_left_to_it() -> None:
    assert KIND.from_document({"variables": 2, "terms": [[0, 1, 2]]}) is None
    assert KIND.from_document({"qubits": 2, "terms": [[0, 1, 2]]}) is None


def changed(name: str, **changes: Any) -> dict[str, Any]:
    return {**document(name), **changes}


H2, H4 = "H2_sto-3g_0.7414", "h002_chain_000_75"


@pytest.mark.parametrize(
    ("stated", "pointer", "code"),
    [
        (changed(H2, qubit_hamiltonian={"terms": {"ZZ": 1.0, "Z": 1.0}}), "/qubit_hamiltonian/terms/Z", "length"),
        (changed(H2, qubit_hamiltonian={"terms": {"ZQ": 1.0}}), "/qubit_hamiltonian/terms/ZQ", "letters"),
        (changed(H2, qubit_hamiltonian={"terms": {"ZZ": [0.1, 0.2]}}), "/qubit_hamiltonian/terms/ZZ", "number"),
        (changed(H2, qubit_hamiltonian={"terms": {"ZZ": "0.1+0.2j"}}), "/qubit_hamiltonian/terms/ZZ", "number"),
        (changed(H2, qubit_hamiltonian={"terms": {"ZZ": True}}), "/qubit_hamiltonian/terms/ZZ", "number"),
        (changed(H2, qubit_hamiltonian={"terms": {"ZZ": 1e300}}), "/qubit_hamiltonian/terms/ZZ", "number"),
        (changed(H2, qubit_hamiltonian={"terms": {}}), "/qubit_hamiltonian/terms", "object_type"),
        (changed(H2, qubit_hamiltonian=[]), "/qubit_hamiltonian", "missing"),
        (changed(H2, qubit_hamiltonian={"terms": {"Z" * 65: 1.0}}), "/qubit_hamiltonian/terms", "length"),
        (changed(H2, n_qubits=6), "/n_qubits", "inconsistent"),
        (changed(H2, n_electrons=5), "/n_electrons", "range"),
        (changed(H2, n_electrons=2.0), "/n_electrons", "range"),
        (changed(H2, multiplicity=2), "/multiplicity", "inconsistent"),
        (changed(H4, alpha_electrons=0), "/beta_electrons", "inconsistent"),
        (changed(H4, spatial_orbitals=3), "/paired_hamiltonian", "inconsistent"),
        (changed(H4, beta_electrons=3), "/beta_electrons", "range"),
    ],
)
def test_a_molecule_that_contradicts_itself_is_refused_by_field(stated: Any, pointer: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(json.dumps(stated))

    assert [(field.pointer, field.code) for field in refused.value.fields] == [(pointer, code)]
    assert refused.value.remedy


def test_a_file_that_lost_terms_is_refused() -> None:
    stated = document(H2)
    stated["qubit_hamiltonian"]["terms"].popitem()

    with pytest.raises(UnreadableFile, match="should be 14"):
        read_problem(json.dumps(stated))


def test_a_hamiltonian_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UnreadableFile) as refused:
        read_problem(instances.load(H4).text, params={"hamiltonian": "parity"})

    assert refused.value.remedy == "State hamiltonian as one of: paired, jordan_wigner."


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"qubits": 65}, "/observable/qubits"),
        ({"qubits": 2.0}, "/observable/qubits"),
        ({"terms": [[1, "ZZ"], [1, "ZZZ"]]}, "/observable/terms/1/1"),
        ({"terms": [[1, "zz"]]}, "/observable/terms/0/1"),
        ({"terms": [[1, "ZZ"], [2, "ZZ"]]}, "/observable/terms/1/1"),
        ({"terms": [["1", "ZZ"]]}, "/observable/terms/0/0"),
        ({"terms": [[[1, 0], "ZZ"]]}, "/observable/terms/0/0"),
        ({"terms": [[1, "ZZ"]] * 10_001}, "/observable/terms"),
        ({"unit": "h" * 33}, "/observable/unit"),
        ({"kelvin": 3}, "/observable/kelvin"),
        ({"particles": [{"qubits": [0], "count": 1}]}, "/particles"),
        ({"particles": [{"qubits": [0, 1], "count": 3}]}, "/particles/0/count"),
        ({"particles": [{"qubits": [0, 1], "count": 1}]}, "/particles/0/qubits"),
    ],
)
def test_our_own_form_is_checked_by_field(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        KIND.parse(KIND.from_document({**OWN, **changes}) or {})

    assert refused.value.fields[0].pointer == f"/problem/statement{pointer}"


def test_no_terms_at_all_are_refused_by_field() -> None:
    with pytest.raises(InvalidStatement) as refused:
        KIND.parse({"observable": {"qubits": 1, "terms": []}})

    assert [field.pointer for field in refused.value.fields] == ["/problem/statement/observable/terms"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("0.5 ZI\n1 ZIZ\n", 2),
        ("0.5 ZI\nnan ZZ\n", 2),
        ("0.5\n", 1),
        ("0.5 ZI\n1e99 XX\n", 2),
        ("0.5 AB\n", 1),
        ("", None),
    ],
)
def test_a_wrong_line_is_named(text: str, line: int | None) -> None:
    with pytest.raises(ProblemError) as refused:
        KIND.read(text, file_name="pair.txt")

    assert isinstance(refused.value, UnreadableFile)
    assert refused.value.line == line
