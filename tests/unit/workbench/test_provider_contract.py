"""The recorded contract with the SDKs: nothing that providers import is left out, and a breach is told by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from queuebit_workbench.provider_contract import METHODS, absent, broken, names_in, surface_of

ROOT = Path(__file__).parents[3] / "services/quantum_adapter"
RECORDED: dict[str, dict[str, Any]] = json.loads((ROOT / "provider-contract.json").read_text())
WAS = {"sdk.run": {"kind": "function", "parameters": {"pubs": "required", "shots": "optional"}}}


def test_everything_that_providers_import_is_recorded() -> None:
    names = set(names_in(ROOT / "src/queuebit_quantum_adapter/providers"))

    assert names == RECORDED.keys(), "run `make provider-contract RECORD=1` and commit what it wrote"
    assert names >= set(METHODS)


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
