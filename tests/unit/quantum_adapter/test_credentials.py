"""Credentials of providers that change while the adapter runs: as files in a folder, and kept by Vault."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from queuebit_quantum_adapter.credentials.folder import Folder
from queuebit_quantum_adapter.credentials.keeping import Credentials
from queuebit_quantum_adapter.credentials.port import BYTES_MAX, Source
from queuebit_quantum_adapter.credentials.vault import Vault
from queuebit_quantum_adapter.credentials.vault_access import TokenFile, VaultAccess, wanted_in
from queuebit_quantum_adapter.credentials.vault_client import VaultClient
from queuebit_quantum_adapter.errors import CredentialsMissing
from tests.fakes.vault import WHISPER, FakeVault, Token, a_vault

NAMES = ("QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "DWAVE_API_TOKEN", "DWAVE_API_ENDPOINT", "AWS_SESSION_TOKEN")
START = {"QISKIT_IBM_TOKEN": "first", "AWS_SESSION_TOKEN": "second"}


class Keeper(Protocol):
    """Whoever renews credentials, and the source by which the adapter asks."""

    @property
    def source(self) -> Source: ...

    def write(self, name: str, value: str) -> None: ...

    def take_away(self, name: str) -> None: ...

    def fail(self) -> None: ...


class InFolder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.source = Folder(folder)

    def write(self, name: str, value: str) -> None:
        (self._folder / name).write_text(f"{value}\n")

    def take_away(self, name: str) -> None:
        (self._folder / name).unlink()

    def fail(self) -> None:
        (self._folder / "QISKIT_IBM_TOKEN").write_bytes(b"geheim\xff")


class InVault:
    """All at one path; a minute passes with every change."""

    def __init__(self, vault: FakeVault, folder: Path) -> None:
        (folder / "token").write_text("hvs.1\n")
        self._vault = vault
        vault.tokens["hvs.1"] = Token(1e9, 1e9)
        wanted = wanted_in(",".join(f"{name}=secret/data/all#{name}" for name in NAMES))
        access = VaultAccess(vault.url, TokenFile(folder / "token"), wanted)
        clock = lambda: vault.now_s  # noqa: E731 - one clock for both
        self.source = Vault(VaultClient(access, clock), wanted, clock)
        self._values: dict[str, str] = {}

    def write(self, name: str, value: str) -> None:
        self._values[name] = value
        self._told()

    def take_away(self, name: str) -> None:
        del self._values[name]
        self._told()

    def fail(self) -> None:
        self._vault.fault = 503
        self._vault.now_s += 61

    def _told(self) -> None:
        self._vault.kept["secret/data/all"] = dict(self._values)
        self._vault.now_s += 61


@pytest.fixture(params=["folder", "vault"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeper]:
    if request.param == "folder":
        yield InFolder(tmp_path)
    else:
        with a_vault() as vault:
            yield InVault(vault, tmp_path)


class Seen:
    def __init__(self, source: Source) -> None:
        self.env = {"QISKIT_IBM_TOKEN": "of the start", "OTHER": "x"}
        self.renewed = 0
        self.credentials = Credentials([source], self.env, self.renew)

    def renew(self) -> None:
        self.renewed += 1


async def begun(source: Source) -> Seen:
    seen = Seen(source)
    await seen.credentials.begin()
    return seen


async def test_what_is_written_is_used_and_what_is_taken_away_is_gone(tmp_path: Path) -> None:
    keeper = InFolder(tmp_path)
    for name, value in START.items():
        keeper.write(name, value)
    seen = await begun(keeper.source)
    assert seen.env == {**START, "OTHER": "x"}
    assert await seen.credentials.look() is False

    keeper.write("QISKIT_IBM_TOKEN", "renewed")
    keeper.take_away("AWS_SESSION_TOKEN")

    assert await seen.credentials.look() is True
    assert seen.env == {"QISKIT_IBM_TOKEN": "renewed", "OTHER": "x"}
    assert seen.renewed == 2


async def test_what_is_renewed_and_taken_away_while_it_runs_is_so_for_programs(keeper: Keeper) -> None:
    """Given all values at the start, when one changes and one goes, then only that changes, and processes are renewed once."""
    for name in NAMES:
        keeper.write(name, name.lower())
    seen = await begun(keeper.source)
    keeper.write("QISKIT_IBM_TOKEN", "renewed")
    keeper.take_away("AWS_SESSION_TOKEN")

    looks = [await seen.credentials.look() for _ in range(2)]

    kept = {name: name.lower() for name in NAMES if name != "AWS_SESSION_TOKEN"}
    assert (looks, seen.env) == ([True, False], {**kept, "QISKIT_IBM_TOKEN": "renewed", "OTHER": "x"})
    assert seen.renewed == 2


async def test_where_an_account_stands_is_as_it_was_at_the_start(
    keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    """Given an account that moves while the adapter runs, then nothing goes to where no backend states that it stands."""
    first = dict.fromkeys(NAMES, "old") | {"QISKIT_IBM_INSTANCE": "crn:of:eu-de"}
    for name, value in first.items():
        keeper.write(name, value)
    seen = await begun(keeper.source)

    keeper.write("QISKIT_IBM_INSTANCE", "crn:of:us-east")
    keeper.write("DWAVE_API_ENDPOINT", "https://elsewhere")
    with caplog.at_level(logging.ERROR):
        unchanged = await seen.credentials.look()
    keeper.take_away("QISKIT_IBM_INSTANCE")
    keeper.write("DWAVE_API_TOKEN", "new")

    assert (unchanged, await seen.credentials.look()) == (False, True)
    assert seen.env == {"OTHER": "x", **first, "DWAVE_API_TOKEN": "new"}
    assert "restart the adapter: DWAVE_API_ENDPOINT, QISKIT_IBM_INSTANCE" in caplog.text
    assert "us-east" not in caplog.text


async def test_what_cannot_be_asked_leaves_those_of_before_and_tells_no_secret(
    keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    for name in NAMES:
        keeper.write(name, "first")
    seen = await begun(keeper.source)
    keeper.fail()

    with caplog.at_level(logging.ERROR):
        assert await seen.credentials.look() is False

    assert seen.env == dict.fromkeys(NAMES, "first") | {"OTHER": "x"}
    assert "Credentials of before stay" in caplog.text
    assert not [secret for secret in ("geheim", "first", "hvs.", WHISPER) if secret in caplog.text]


async def test_nothing_begins_where_they_cannot_be_asked_at_the_start(keeper: Keeper) -> None:
    keeper.fail()
    seen = Seen(keeper.source)

    with pytest.raises(CredentialsMissing) as caught:
        await seen.credentials.begin()

    assert seen.env == {"QISKIT_IBM_TOKEN": "of the start", "OTHER": "x"}
    assert caught.value.remedy.startswith(("Let QUEUEBIT_QUANTUM_CREDENTIALS", "See whether Vault runs"))


async def test_of_two_sources_the_later_holds(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = InFolder(tmp_path / "one"), InFolder(tmp_path / "two")
    for keeper, names in ((one, ("QISKIT_IBM_TOKEN", "DWAVE_API_TOKEN")), (two, ("DWAVE_API_TOKEN",))):
        for name in names:
            keeper.write(name, "of one" if keeper is one else "of two")
    env: dict[str, str] = {}

    await Credentials([one.source, two.source], env).begin()

    assert env == {"QISKIT_IBM_TOKEN": "of one", "DWAVE_API_TOKEN": "of two"}


async def test_a_link_that_is_turned_to_another_file_is_followed(tmp_path: Path) -> None:
    """As Kubernetes renews what it mounts."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    link = tmp_path / "DWAVE_API_TOKEN"
    link.symlink_to(tmp_path / "one")
    seen = await begun(Folder(tmp_path))
    link.unlink()
    link.symlink_to(tmp_path / "two")

    assert await seen.credentials.look()
    assert seen.env["DWAVE_API_TOKEN"] == "two"


@pytest.mark.parametrize("name", ["QUEUEBIT_PEPPER", "PYTHONPATH", "LD_PRELOAD", "PATH", "lower", "..data", "A-B"])
def test_nothing_but_accounts_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")

    assert Folder(tmp_path).read() == {}


def test_what_is_too_large_is_not_read_and_the_rest_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "QISKIT_IBM_TOKEN").write_text("x" * (BYTES_MAX + 1))
    (tmp_path / "DWAVE_API_TOKEN").write_text("x")

    assert Folder(tmp_path).read() == {"DWAVE_API_TOKEN": "x"}
    assert "QISKIT_IBM_TOKEN is larger" in caplog.text


async def test_they_are_looked_at_while_the_service_runs(tmp_path: Path) -> None:
    stop = asyncio.Event()

    class Clock:
        async def sleep(self, _delay_s: float) -> None:
            (tmp_path / "QISKIT_IBM_TOKEN").write_text("renewed")
            await asyncio.sleep(0)

    seen = await begun(Folder(tmp_path))
    seen.credentials._renew = stop.set
    await asyncio.wait_for(seen.credentials.run(stop, Clock()), 20)  # type: ignore[arg-type]
    assert seen.env["QISKIT_IBM_TOKEN"] == "renewed"
