"""Finding a Java that will do."""

from pathlib import Path

import pytest

from queuebit_devstack.errors import JavaMissing
from queuebit_devstack.java import Java, find_java, parse_java_major


def a_java(folder: Path, version: str) -> Path:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("text", "major"),
    [
        ('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_391"', 8),
        ('openjdk version "26-ea" 2026-03-17', 26),
        ("bash: java: command not found", None),
        ("", None),
    ],
)
def test_versions_are_read(text: str, major: int | None) -> None:
    assert parse_java_major(text) == major


def test_the_chosen_java_is_taken(tmp_path: Path) -> None:
    program = a_java(tmp_path, "21.0.2")
    assert find_java({"QUEUEBIT_JAVA": str(program)}) == Java(program, 21)


@pytest.mark.parametrize("version", ["11.0.1", "1.8.0_1"])
def test_a_chosen_java_that_is_too_old_is_refused(tmp_path: Path, version: str) -> None:
    program = a_java(tmp_path, version)
    with pytest.raises(JavaMissing, match="QUEUEBIT_JAVA"):
        find_java({"QUEUEBIT_JAVA": str(program)})


def test_without_the_wheel_the_machines_java_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    old, new = a_java(tmp_path / "old", "11.0.1"), a_java(tmp_path / "new", "17.0.1")
    environ = {"JAVA_HOME": str(old.parent.parent), "PATH": f"{new.parent}:/bin"}
    assert find_java(environ) == Java(new, 17)
    with pytest.raises(JavaMissing, match=r"version 11\).*Install Java 17"):
        find_java({"JAVA_HOME": str(old.parent.parent), "PATH": ""})
    with pytest.raises(JavaMissing, match="No Java runtime"):
        find_java({"PATH": ""})


def test_new_versions_are_quietened() -> None:
    assert Java(Path("java"), 17).quiet_flags == ()
    assert Java(Path("java"), 25).quiet_flags == (
        "--sun-misc-unsafe-memory-access=allow",
        "--enable-native-access=ALL-UNNAMED",
    )
