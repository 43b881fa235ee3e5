"""What `python -m queuebit_runtime topics` is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuebit_runtime.__main__ import main, parse
from queuebit_runtime.service.service import EXIT_USAGE


def test_names_of_principals_may_hold_an_equals_sign() -> None:
    given = parse(["topics", "--acls", "--principal", "upstream=CN=orders", "--principal", "gateway=web"])
    assert (given.acls, given.users) == (True, None)
    assert given.names == {"upstream": "CN=orders", "gateway": "web"}


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["topic"],
        ["topics", "--principal", "upstream"],
        ["topics", "--principal", "nobody=x"],
        ["topics", "--upstream-bytes-per-s", "much"],
        ["topics", "--upstream-bytes-per-s", "-1"],
    ],
)
def test_what_is_not_clear_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(words)
    assert caught.value.code == EXIT_USAGE
    assert "usage: python -m queuebit_runtime" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", '{"gateway": 1}'])
def test_passwords_that_are_none_are_refused_before_kafka_is_asked(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUEUEBIT_KAFKA", "127.0.0.1:1")
    file = tmp_path / "passwords.json"
    file.write_text(text)
    assert main(["topics", "--users", str(file)]) == EXIT_USAGE
    assert f"{file} is no JSON object of user and password" in capsys.readouterr().err


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("QUEUEBIT_KAFKA_USERNAME", "me")
    monkeypatch.setenv("QUEUEBIT_KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")
    assert main(["topics"]) == EXIT_USAGE
    assert "QUEUEBIT_KAFKA_USERNAME is set, but" in capsys.readouterr().err
