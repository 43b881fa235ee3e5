"""The snapshots of devices: found by name, without the package that carries them being imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from queuebit_quantum_adapter.backends import snapshots
from queuebit_quantum_adapter.backends.snapshots import Snapshot, names, snapshot_of
from queuebit_quantum_adapter.errors import UnknownTarget

fake_provider = pytest.importorskip("qiskit_ibm_runtime.fake_provider", reason="the extra `noise` is not installed")

LIGHT = """
import sys
from queuebit_quantum_adapter.shell.app import QuantumAdapter
from queuebit_quantum_adapter.shell.settings import AdapterSettings
from queuebit_quantum_adapter.providers.aer.offer import simulator
settings = AdapterSettings(simulator_target="fake_sherbrooke")
print(simulator(settings.limits, settings.snapshot).name)
print(sorted({"qiskit", "qiskit_aer", "qiskit_ibm_runtime", "numpy"} & set(sys.modules)))
"""


def test_every_device_of_the_package_is_known_as_the_package_knows_it() -> None:
    made = {each.name: each for each in fake_provider.FakeProviderForBackendV2().backends()}

    assert made.keys() <= set(names())
    for name in ("fake_manila", "fake_sherbrooke", "fake_torino"):
        found = snapshot_of(name)
        assert (found.maker, found.qubits) == (type(made[name]).__name__, made[name].num_qubits)
        assert found.calibrated_at == made[name].properties().last_update_date.isoformat()


def test_nothing_heavy_is_imported_for_them() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["aer_simulator (simulated noise of fake_sherbrooke)", "[]"]


def test_an_unknown_name_gets_those_that_are_near() -> None:
    with pytest.raises(UnknownTarget) as refused:
        snapshot_of("FakeManilaV2")

    assert refused.value.detail == "There is no target 'FakeManilaV2'."
    assert refused.value.remedy.startswith("Use exact, or a device as fake_manila, ")


def test_without_the_package_the_remedy_is_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "_known", dict)

    with pytest.raises(UnknownTarget) as refused:
        snapshot_of("fake_manila")

    assert refused.value.remedy == "Install queuebit-quantum-adapter[noise], or use exact."


def test_health_is_the_share_of_qubits_and_couplings_that_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = a_device(
        tmp_path,
        qubits=[[a_value("readout_error", 0.1)], [a_value("readout_error", 1)], [a_value("operational", 0)]],
        gates=[
            {"qubits": [0], "parameters": [a_value("gate_error", 1)]},
            {"qubits": [0, 1], "parameters": [a_value("gate_error", 1)]},
            {"qubits": [1, 0], "parameters": [a_value("gate_error", 0.01)]},
            {"qubits": [1, 2], "parameters": [a_value("gate_error", 1)]},
        ],
    )
    monkeypatch.setattr(snapshots, "_known", lambda: {"fake_one": files})

    assert snapshot_of("fake_one") == Snapshot("fake_one", "FakeOne", 3, None, 0.4)


def test_a_snapshot_that_is_broken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "_known", lambda: {"fake_one": a_device(tmp_path, qubits=[], gates=None)})

    with pytest.raises(UnknownTarget, match="The snapshot of fake_one cannot be read"):
        snapshot_of("fake_one")


def a_value(name: str, value: float) -> dict[str, object]:
    return {"name": name, "value": value}


def a_device(folder: Path, *, qubits: object, gates: object) -> snapshots.Files:
    (folder / "conf.json").write_text(json.dumps({"n_qubits": 3}))
    (folder / "props.json").write_text(json.dumps({"qubits": qubits, "gates": gates, "last_update_date": "long ago"}))
    return snapshots.Files("FakeOne", folder / "conf.json", folder / "props.json")
