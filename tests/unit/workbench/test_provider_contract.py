"""The recorded contract with the SDKs: what providers call is read from their sources, and a breach is told by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from queuebit_workbench.provider_contract import METHODS, absent, broken, names_in, surface_of

ROOT = Path(__file__).parents[3] / "services/quantum_adapter"
RECORDED: dict[str, dict[str, Any]] = json.loads((ROOT / "provider-contract.json").read_text())
WAS = {"sdk.run": {"kind": "function", "parameters": {"pubs": "required", "shots": "optional"}}}


def test_what_is_called_is_read_from_the_sources_and_recorded(tmp_path: Path) -> None:
    """That all of it is recorded is told by `make provider-contract`."""
    (tmp_path / "one.py").write_text(
        "import os\nimport boto3\ndef f():\n    from qiskit.circuit import Gate, Clbit as C\n"
    )

    assert names_in(tmp_path) == sorted({"boto3", "qiskit.circuit.Gate", "qiskit.circuit.Clbit", *METHODS})
    assert RECORDED.keys() >= set(METHODS)


def test_what_is_recorded_was_there_when_it_was_recorded() -> None:
    assert {name for name, what in RECORDED.items() if what["kind"] in ("missing", "absent")} == set()


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"kind": "function", "parameters": {"pubs": "required", "shots": "optional", "new": "optional"}}, []),
        ({"kind": "function", "parameters": {"pubs": "required", "shots": "required"}}, []),
        ({"kind": "function", "parameters": {"pubs": "required", "rest": "**"}}, []),
        ({"kind": "function", "parameters": {"pubs": "required"}}, ["sdk.run takes no shots any more."]),
        (
            {"kind": "function", "parameters": {"pubs": "required", "shots": "optional", "new": "required"}},
            ["sdk.run asks for new now."],
        ),
        ({"kind": "missing"}, ["sdk.run was a function and is now missing."]),
        ({"kind": "absent"}, []),
    ],
)
def test_a_breach_is_told_by_name(now: dict[str, Any], said: list[str]) -> None:
    assert broken(WAS, {"sdk.run": now}) == said


def test_names_are_looked_up_in_what_is_installed() -> None:
    found = surface_of(["json.dumps", "json.nothing", "no_such_sdk.run", "json.JSONDecoder.decode", "json"])

    assert {name: what["kind"] for name, what in found.items()} == {
        "json.dumps": "function",
        "json.nothing": "missing",
        "no_such_sdk.run": "absent",
        "json.JSONDecoder.decode": "function",
        "json": "module",
    }
    assert absent(found) == ["no_such_sdk"]
