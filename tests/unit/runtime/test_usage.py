"""`--help` teaches and starts nothing; what is no argument is refused."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys

import pytest

from queuebit_runtime.service.settings import RuntimeSettings
from queuebit_runtime.service.settings_text import settings_of
from queuebit_runtime.service.usage import EXITS, Usage, run_command

SERVICES = {
    "queuebit_gateway": {"QUEUEBIT_HTTP_PORT", "QUEUEBIT_PEPPER", "QUEUEBIT_TRUSTED_PROXIES"},
    "queuebit_control_plane": set(),
    "queuebit_quantum_adapter": {"QUEUEBIT_QUANTUM_WORKERS_MAX"},
    "queuebit_classical_solver": {"QUEUEBIT_SOLVER_WORKERS_MAX"},
    "queuebit_result_validation": {"QUEUEBIT_VALIDATION_BATCH_MAX"},
}
TOOLS = ["queuebit_runtime", "queuebit_store", "queuebit_gateway keys", "queuebit_runtime topics"]
NOWHERE = {"QUEUEBIT_KAFKA": "127.0.0.1:1", "QUEUEBIT_POSTGRES": "postgresql://u:hidden-word@127.0.0.1:1/d"}


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")}
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env={**environment, **NOWHERE})


@pytest.mark.parametrize("module", SERVICES)
def test_the_help_of_a_service_names_its_settings_and_exit_codes_and_starts_nothing(module: str) -> None:
    done = run(module, "--help")

    assert (done.returncode, done.stderr) == (0, "")
    named = set(re.findall(r"QUEUEBIT_[A-Z_]+", done.stdout))
    assert named >= SERVICES[module] | {setting.variable for setting in settings_of(RuntimeSettings)}
    assert all(meaning in done.stdout for _, meaning in EXITS)
    assert "hidden-word" not in done.stdout


@pytest.mark.parametrize("words", TOOLS)
def test_the_help_of_a_tool_says_what_its_exit_codes_mean(words: str) -> None:
    done = run(*words.split(), "--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert "QUEUEBIT_" in done.stdout
    assert "Exit codes: 0 done" in done.stdout


@pytest.mark.parametrize("argv", [["--frobnicate"], ["serve"], ["--hel"], ["-x"]])
def test_other_arguments_are_refused_and_start_nothing(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    def serve() -> int:
        raise AssertionError("It serves.")

    with pytest.raises(SystemExit) as ended:
        run_command(argv, Usage("m", "About."), serve)

    assert ended.value.code == 2
    assert "unrecognized arguments" in capsys.readouterr().err


def test_without_arguments_it_serves() -> None:
    assert run_command([], Usage("m", "About."), lambda: 7) == 7


@pytest.mark.parametrize("module", [*SERVICES, "queuebit_store", "queuebit_runtime"])
def test_importing_does_nothing(module: str) -> None:
    importlib.import_module(f"{module}.__main__")
