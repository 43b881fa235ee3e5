"""What an operator may set, and what is refused at the start."""

from __future__ import annotations

import pytest

from queuebit_quantum_adapter.main import main
from queuebit_quantum_adapter.shell.settings import AdapterSettings


def test_the_defaults_are_the_stated_limits() -> None:
    limits = AdapterSettings().limits

    assert limits.qubits_max == {"interactive": 20, "batch": 24, "scheduled": 26}
    assert (limits.memory_bytes_max, limits.qubits_hard_max) == (3 * 2**30, 26)


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUEBIT_QUANTUM_QUBITS_BATCH_MAX", "22")

    assert AdapterSettings().limits.qubits_max["batch"] == 22


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WORKERS_MAX", "0", "QUEUEBIT_QUANTUM_WORKERS_MAX: Input should be greater than or equal to 1"),
        (
            "SIMULATOR_TARGET",
            "fake_guadelupe",
            "There is no target 'fake_guadelupe'. Use exact, or a device as fake_guadalupe",
        ),
        ("STATEVECTOR_MEMORY_MAX_MB", "9999", "STATEVECTOR_MEMORY_MAX_MB should not exceed PROCESS_MEMORY_MAX_MB"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_its_name(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"QUEUEBIT_QUANTUM_{name}", value)

    assert main() == 2
    assert said in capsys.readouterr().err


def test_the_simulator_is_exact_until_a_target_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert AdapterSettings().snapshot is None

    monkeypatch.setenv("QUEUEBIT_QUANTUM_SIMULATOR_TARGET", "fake_sherbrooke")

    snapshot = AdapterSettings().snapshot
    assert snapshot is not None
    assert (snapshot.name, snapshot.qubits, snapshot.told) == (
        "fake_sherbrooke",
        127,
        "simulated noise model, snapshot of 2025-02-26",
    )
