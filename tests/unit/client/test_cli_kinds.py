"""Kinds without a server: those that are installed here are listed, shown and exemplified."""

from __future__ import annotations

import json

import pytest

from queuebit_client.cli import kinds as commands
from queuebit_client.cli import main
from queuebit_contracts.jobs import Problem
from queuebit_gateway.http.kinds_api import view_of
from queuebit_problems.errors import BrokenKind
from queuebit_problems.registry import AnyKind, kind_of, kinds, parse_problem

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUEBIT_URL", NOWHERE)


@pytest.mark.parametrize("name", kinds())
def test_a_kind_is_shown_as_the_server_shows_it(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["kinds", "show", name]) == 0

    shown = json.loads(capsys.readouterr().out)
    served = json.loads(view_of(kind_of(name)).model_dump_json())
    assert shown == {key: value for key, value in served.items() if key != "object"}


@pytest.mark.parametrize("name", kinds())
def test_an_example_is_ready_to_submit(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["kinds", "example", name]) == 0

    example = Problem.model_validate(json.loads(capsys.readouterr().out))
    assert parse_problem(example) == (kind_of(name), kind_of(name).example())


def test_all_kinds_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["kinds", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main.run(["kinds", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)

    assert [line.split("\t")[0] for line in lines] == [kind["name"] for kind in listed] == list(kinds())


def test_a_kind_that_cannot_be_loaded_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(name: str) -> AnyKind:
        if name == "tsp":
            raise BrokenKind("The kind tsp fails to load.", remedy="Repair it.")
        return kind_of(name)

    monkeypatch.setattr("queuebit_problems.registry.kind_of", broken)

    assert main.run(["kinds", "list", "--json"]) == 0
    out, err = capsys.readouterr()
    assert [kind["name"] for kind in json.loads(out)] == [name for name in kinds() if name != "tsp"]
    assert err == "Error: The kind tsp fails to load. Remedy: Repair it.\n"
    assert main.run(["kinds", "show", "tsp"]) == 2
    assert "(broken_kind)" in capsys.readouterr().err


def test_an_unknown_kind_is_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["kinds", "example", "sudoku"]) == 3

    out, err = capsys.readouterr()
    assert out == ""
    assert "(kind_not_found)" in err
    assert "maxcut" in err


def test_a_server_that_a_flag_names_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--url", NOWHERE, "kinds", "list"]) == 8
    assert "(unreachable)" in capsys.readouterr().err


def test_without_kinds_here_the_configured_server_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "find_spec", lambda name: None)

    assert main.run(["kinds", "list"]) == 8
    assert "(unreachable)" in capsys.readouterr().err
