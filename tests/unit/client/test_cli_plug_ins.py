"""The command line with the packages that are installed, and what it says of those that are not."""

from __future__ import annotations

import pytest

from queuebit_client.cli import main


@pytest.mark.parametrize(
    ("command", "package"),
    [("ops", "queuebit-operations"), ("submissions", "queuebit-operations"), ("demo", "queuebit-workbench")],
    ids=str,
)
def test_a_command_of_a_package_that_is_missing_names_the_package(
    command: str, package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "entry_points", lambda group: ())

    code = main.run([command, "replay", "inspect", "--json"])

    assert (code, capsys.readouterr().err) == (
        2,
        f"`queuebit {command}` comes with another package. Install it: pip install {package}\n",
    )


def test_the_verbs_of_operators_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    code = main.run(["ops", "replay", "--help"])

    assert code == 0
    assert "inspect" in capsys.readouterr().out
