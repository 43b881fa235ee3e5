"""An operator in the folder of a local stack finds its servers; said otherwise, or by a file of strangers, none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_devstack.credentials import write_operator_file
from queuebit_devstack.stack import Stack
from queuebit_operations.errors import BadArgument
from queuebit_operations.local import FILE, FOLDER, local_servers
from queuebit_operations.running import run

SERVERS = {"QUEUEBIT_POSTGRES": "postgresql://u:p@here/db", "QUEUEBIT_KAFKA": "here:9092", "QUEUEBIT_ARTIFACTS": "/a"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / FOLDER / FILE
    path.parent.mkdir()
    path.write_text(json.dumps(SERVERS))
    path.chmod(0o600)
    return path


def test_the_stack_of_this_folder_or_of_the_data_folder_that_is_named(file: Path, tmp_path: Path) -> None:
    assert local_servers({}, tmp_path) == SERVERS
    assert local_servers({}, tmp_path / "elsewhere") == {}
    assert local_servers({"QUEUEBIT_DATA": str(file.parent)}, tmp_path / "elsewhere") == SERVERS
    assert local_servers({"QUEUEBIT_DATA": str(tmp_path / "none")}, tmp_path) == {}


@pytest.mark.parametrize("name", ["QUEUEBIT_POSTGRES", "QUEUEBIT_KAFKA"])
def test_what_the_environment_says_is_not_mixed_with_a_local_stack(file: Path, tmp_path: Path, name: str) -> None:
    assert local_servers({name: "there"}, tmp_path) == {}
    assert local_servers({name: ""}, tmp_path) == SERVERS


def test_other_settings_of_the_environment_stay(file: Path, tmp_path: Path) -> None:
    assert "QUEUEBIT_ARTIFACTS" not in local_servers({"QUEUEBIT_ARTIFACTS": "/mine"}, tmp_path)


@pytest.mark.parametrize(("text", "mode"), [("no JSON", 0o600), ("3", 0o600), (json.dumps(SERVERS), 0o644)])
def test_a_file_that_cannot_be_trusted_is_refused(file: Path, tmp_path: Path, text: str, mode: int) -> None:
    file.write_text(text)
    file.chmod(mode)
    with pytest.raises(BadArgument, match=FILE):
        local_servers({}, tmp_path)


@pytest.mark.parametrize("named", [{"QUEUEBIT_NAMESPACE": "side"}, {}])
def test_a_stack_that_shares_its_servers_says_what_of_them_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: dict[str, str]
) -> None:
    monkeypatch.delenv("QUEUEBIT_NAMESPACE", raising=False)
    for name, value in named.items():
        monkeypatch.setenv(name, value)

    write_operator_file(cast(Stack, SimpleNamespace(data_dir=tmp_path / FOLDER, env=lambda: SERVERS)))

    pepper = (tmp_path / FOLDER / "pepper").read_text()
    assert local_servers({}, tmp_path) == {**SERVERS, "QUEUEBIT_PEPPER": pepper, **named}
    assert "QUEUEBIT_NAMESPACE" not in local_servers({"QUEUEBIT_NAMESPACE": "mine"}, tmp_path)


def test_a_verb_finds_them_and_leaves_the_environment_as_it_was(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SERVERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("QUEUEBIT_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    seen: dict[str, str | None] = {}

    async def work() -> ExitCode:
        seen.update({name: os.environ.get(name) for name in SERVERS})
        return ExitCode.OK

    assert run(work()) is ExitCode.OK
    assert seen == SERVERS
    assert not SERVERS.keys() & os.environ.keys()
