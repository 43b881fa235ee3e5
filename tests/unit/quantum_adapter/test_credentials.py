"""Credentials of providers that are written anew while the adapter runs."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from queuebit_quantum_adapter.shell.credentials import BYTES_MAX, Credentials


class Seen:
    def __init__(self, folder: Path) -> None:
        self.env = {"QISKIT_IBM_TOKEN": "of the start", "OTHER": "x"}
        self.renewed = 0
        self.credentials = Credentials(folder, self.env, self.renew)

    def renew(self) -> None:
        self.renewed += 1


@pytest.fixture
def seen(tmp_path: Path) -> Seen:
    return Seen(tmp_path)


def test_what_is_written_is_used_and_what_is_taken_away_is_gone(seen: Seen, tmp_path: Path) -> None:
    (tmp_path / "QISKIT_IBM_TOKEN").write_text("first\n")
    (tmp_path / "AWS_SESSION_TOKEN").write_text("second")
    assert seen.credentials.look() is True
    assert seen.env == {"QISKIT_IBM_TOKEN": "first", "AWS_SESSION_TOKEN": "second", "OTHER": "x"}
    assert seen.credentials.look() is False

    (tmp_path / "QISKIT_IBM_TOKEN").write_text("renewed")
    (tmp_path / "AWS_SESSION_TOKEN").unlink()
    assert seen.credentials.look() is True
    assert seen.env == {"QISKIT_IBM_TOKEN": "renewed", "OTHER": "x"}
    assert seen.renewed == 2


def test_where_an_account_stands_is_as_it_was_at_the_start(
    seen: Seen, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Given an account that moves while the adapter runs, then nothing goes to where no backend states that it stands."""
    first = {"QISKIT_IBM_INSTANCE": "crn:of:eu-de", "DWAVE_API_TOKEN": "old"}
    for name, value in first.items():
        (tmp_path / name).write_text(value)
    seen.credentials.look()

    (tmp_path / "QISKIT_IBM_INSTANCE").write_text("crn:of:us-east")
    (tmp_path / "DWAVE_API_ENDPOINT").write_text("https://elsewhere")
    with caplog.at_level(logging.ERROR):
        unchanged = seen.credentials.look()
    (tmp_path / "QISKIT_IBM_INSTANCE").unlink()
    (tmp_path / "DWAVE_API_TOKEN").write_text("new")

    assert (unchanged, seen.credentials.look()) == (False, True)
    assert seen.env == {"QISKIT_IBM_TOKEN": "of the start", "OTHER": "x", **first, "DWAVE_API_TOKEN": "new"}
    assert "restart the adapter: DWAVE_API_ENDPOINT, QISKIT_IBM_INSTANCE" in caplog.text
    assert "us-east" not in caplog.text


def test_a_link_that_is_turned_to_another_file_is_followed(seen: Seen, tmp_path: Path) -> None:
    """As Kubernetes renews what it mounts."""
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    link = tmp_path / "DWAVE_API_TOKEN"
    link.symlink_to(tmp_path / "one")
    assert seen.credentials.look()
    link.unlink()
    link.symlink_to(tmp_path / "two")
    assert seen.credentials.look()
    assert seen.env["DWAVE_API_TOKEN"] == "two"


@pytest.mark.parametrize("name", ["QUEUEBIT_PEPPER", "PYTHONPATH", "LD_PRELOAD", "PATH", "lower", "..data", "A-B"])
def test_nothing_but_accounts_is_set(seen: Seen, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    assert seen.credentials.look() is False
    assert seen.renewed == 0


def test_what_cannot_be_read_leaves_those_of_before_and_tells_no_secret(
    seen: Seen, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "QISKIT_IBM_TOKEN").write_text("first")
    seen.credentials.look()
    (tmp_path / "QISKIT_IBM_TOKEN").write_bytes(b"geheim\xff")
    with caplog.at_level(logging.ERROR):
        assert seen.credentials.look() is False
    assert seen.env["QISKIT_IBM_TOKEN"] == "first"
    assert "geheim" not in caplog.text
    assert "those of before stay" in caplog.text
    (tmp_path / "QISKIT_IBM_TOKEN").write_text("x" * (BYTES_MAX + 1))
    assert seen.credentials.look() is True
    assert "QISKIT_IBM_TOKEN" not in seen.env


async def test_the_folder_is_looked_at_while_the_service_runs(seen: Seen, tmp_path: Path) -> None:
    stop = asyncio.Event()

    class Clock:
        async def sleep(self, _delay_s: float) -> None:
            (tmp_path / "QISKIT_IBM_TOKEN").write_text("renewed")
            await asyncio.sleep(0)

    seen.credentials._renew = stop.set
    await asyncio.wait_for(seen.credentials.run(stop, Clock()), 20)  # type: ignore[arg-type]
    assert seen.env["QISKIT_IBM_TOKEN"] == "renewed"
