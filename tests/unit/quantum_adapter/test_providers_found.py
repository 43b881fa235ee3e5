"""Providers are found by their entry points: a new one is one folder, a broken one is named and hides no other."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.backends.discovery import discover
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.backends.spec import Setup
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.settings import AdapterSettings
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, an_order

SETUP = Setup(LIMITS)
OURS = entry_points(group="queuebit.providers").names
FOLDER = {
    "__init__.py": '''
"""The provider of a company: its offer, which imports nothing heavy."""

from queuebit_quantum_adapter.backends.spec import BackendSpec


def offer(setup):
    return [
        BackendSpec("acme-small", "1", "quantum", "acme_queuebit.provider:open_provider", 3, options={"qubits": 3}),
        BackendSpec("acme-large", "1", "quantum", "acme_queuebit.provider:open_provider", 8, options={"qubits": 8}),
    ]


def broken(setup):
    raise OSError("no credentials")


def nonsense(setup):
    return ["acme"]
''',
    "provider.py": '''
"""The company's SDK, which only worker processes import."""

from tests.fakes.memory_provider import MemoryProvider


def open_provider(qubits):
    return MemoryProvider(qubits_max=qubits)
''',
}
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Lay the folder and its entry points on the path, as an installer would."""

    def lay(*points: str) -> None:
        folder, info = tmp_path / "acme_queuebit", tmp_path / "acme_queuebit-1.0.dist-info"
        folder.mkdir()
        info.mkdir()
        for name, text in FOLDER.items():
            (folder / name).write_text(text)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-queuebit\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[queuebit.providers]\n" + "\n".join(points) + "\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        importlib.invalidate_caches()

    yield lay
    for name in [name for name in sys.modules if name.startswith("acme_queuebit")]:
        del sys.modules[name]


async def test_a_new_provider_is_one_folder_and_answers_a_job(install: Install, tmp_path: Path) -> None:
    install("acme = acme_queuebit:offer")
    found = discover(["aer", "acme"], SETUP)
    executor = QuantumExecutor(InlinePool(), Backends(found.specs), LIMITS, SystemClock(), worker="w")
    heavy = "acme_queuebit.provider" in sys.modules

    told = await executor.run(an_order(a_maxcut(5), lane="quantum"), lambda stage: None, asyncio.Event())

    assert isinstance(told, ExecutionSucceeded)
    assert (told.ran.backend, told.ran.lane, heavy) == ("acme-small", "quantum", False)
    assert {path.parent.name for path in tmp_path.rglob("*.py")} == {"acme_queuebit"}
    assert [spec.name for spec in found.specs] == ["aer_simulator", "acme-small", "acme-large"]


def test_of_several_backends_the_first_that_has_room_is_taken(install: Install) -> None:
    install("acme = acme_queuebit:offer")
    backends = Backends(discover(["acme"], SETUP).specs)

    assert backends.of("quantum", 3, avoid=("acme-small",)).name == "acme-large"
    assert [backends.of("quantum", qubits).name for qubits in (0, 3, 4, 8, 20)] == [
        "acme-small",
        "acme-small",
        "acme-large",
        "acme-large",
        "acme-large",
    ]


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ("acme = acme_queuebit:broken", "of acme-queuebit (acme_queuebit:broken) fails: OSError: no credentials."),
        ("acme = acme_queuebit:absent", "of acme-queuebit (acme_queuebit:absent) fails: AttributeError"),
        ("acme = acme_missing:offer", "of acme-queuebit (acme_missing:offer) fails: ModuleNotFoundError"),
        ("acme = acme_queuebit:nonsense", "offers a str, not a BackendSpec."),
        (
            "other = acme_queuebit:offer",
            f"No installed package provides the provider 'acme' (installed: {', '.join(sorted({*OURS, 'other'}))}).",
        ),
    ],
)
async def test_a_broken_provider_is_named_and_hides_no_other(install: Install, point: str, said: str) -> None:
    install(point)
    found = discover(["acme", "aer"], SETUP)
    backends = Backends(found.specs, found.broken)
    executor = QuantumExecutor(InlinePool(), backends, LIMITS, SystemClock(), worker="w")

    told = await executor.run(an_order(a_maxcut(3), lane="quantum"), lambda stage: None, asyncio.Event())

    assert found.specs == (aer(LIMITS),)
    (fault,) = found.broken
    assert said in fault
    assert isinstance(told, ExecutionFailed)
    assert (told.code, fault in told.detail) == (FailureCode.NO_BACKEND, True)
    assert backends.of("simulator").name == "aer_simulator"
    assert backends.of("simulator", avoid=("aer_simulator",)).name == "aer_simulator"


def test_of_two_backends_with_one_name_the_first_counts() -> None:
    first = aer(LIMITS)

    assert Backends([first, replace(first, qubits_max=3)]).all() == (first,)


def test_the_settings_name_the_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert AdapterSettings().provider_names == ("aer",)

    monkeypatch.setenv("QUEUEBIT_QUANTUM_PROVIDERS", "acme,aer,acme")

    assert AdapterSettings().provider_names == ("acme", "aer")
