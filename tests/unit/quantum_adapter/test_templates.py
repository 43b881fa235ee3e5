"""Templates are compiled at the start: the first job of their structure transpiles nothing, and a bad one hides no other."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from queuebit_contracts.jobs import Problem
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.pipelines import frame
from queuebit_quantum_adapter.providers.aer import ideal
from queuebit_quantum_adapter.providers.aer.ideal import IdealTarget
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.providers.aer.provider import AerProvider
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.templates import BYTES_MAX, TEMPLATES_MAX, Bad, Precompiler, read_templates
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, a_task

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[3] q;\nbit[3] c;\n'
QASM = HEAD + "h q[0];\ncx q[0], q[1];\nrx({angle}) q[2];\nc = measure q;\n"


def a_chain(angle: float) -> Problem:
    return Problem(kind="circuit_sampling", statement={"qasm": QASM.format(angle=angle), "shots": 100})


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> AerProvider:
    """A provider that has run nothing before."""
    fresh = AerProvider(IdealTarget(qubits_max=20, memory_bytes_max=2**30))
    monkeypatch.setattr(ideal, "open_provider", lambda **_: fresh)
    return fresh


def written(folder: Path, name: str, document: Any) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / name).write_text(text)


async def compiled(folder: Path) -> None:
    pool, clock = InlinePool(), SystemClock()
    executor = QuantumExecutor(pool, Backends([aer(LIMITS)]), LIMITS, clock, worker="w")

    async def here(work: Any) -> Any:
        return work()

    one = Precompiler(str(folder), pool, executor, clock, SystemIds(clock), processes=1, hop=here)
    await one.compile_all(asyncio.Event())


async def test_the_first_job_of_a_structure_that_was_compiled_transpiles_nothing(
    tmp_path: Path, provider: AerProvider
) -> None:
    written(tmp_path, "chain.json", {"problem": a_chain(0.25).model_dump(mode="json")})

    await compiled(tmp_path)

    assert provider.counted["transpilations"] == 1
    frame.run(a_task(a_chain(1.5)), lambda _: None)
    assert provider.counted["transpilations"] == 1


async def test_problems_that_circuits_solve_are_compiled_to_their_first_circuit(
    tmp_path: Path, provider: AerProvider
) -> None:
    problem = a_maxcut(6)
    written(tmp_path, "maxcut.json", {"problem": problem.model_dump(mode="json"), "params": {"method": "lr"}})

    await compiled(tmp_path)

    assert provider.counted == {"transpilations": 1, "executions": 0}
    frame.run(a_task(problem, method="lr"), lambda _: None)
    assert provider.counted["transpilations"] == 1


async def test_what_is_no_template_is_named_and_hides_no_other(
    tmp_path: Path, provider: AerProvider, caplog: pytest.LogCaptureFixture
) -> None:
    written(tmp_path, "a.json", "{")
    written(tmp_path, "b.json", {"problem": {"kind": "circuit_sampling", "statement": {"qasm": "no"}}})
    written(tmp_path, "c.json", {"problem": a_chain(0.1).model_dump(mode="json"), "lane": "quantum"})
    written(tmp_path, "z.json", {"problem": a_chain(0.1).model_dump(mode="json")})

    with caplog.at_level(logging.INFO):
        await compiled(tmp_path)

    said = [record.getMessage() for record in caplog.records if record.name.endswith("templates")]
    assert [line.split(":")[0] for line in said[:3]] == [
        "a.json is no template",
        "The template b.json is not compiled",
        "The template c.json is not compiled",
    ]
    assert said[3].startswith("The template z.json is compiled")
    assert provider.counted["transpilations"] == 1


def test_a_folder_is_bounded_and_one_that_is_not_there_is_named(tmp_path: Path) -> None:
    for number in range(TEMPLATES_MAX + 1):
        written(tmp_path, f"{number:03}.json", {"problem": a_chain(0.1).model_dump(mode="json"), "x": 1})
    written(tmp_path, "000.json", " " * (BYTES_MAX + 1))

    found = list(read_templates(tmp_path))

    assert len(found) == TEMPLATES_MAX + 1
    assert all(isinstance(each, Bad) for each in found)
    assert list(read_templates(tmp_path / "none")) == [Bad(str(tmp_path / "none"), "There is no such folder.")]
