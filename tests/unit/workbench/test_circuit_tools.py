"""An engineer's tools for circuits: drawn, counted and written elsewhere, also hostile files, and backends in order."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, qpy
from qiskit.circuit import Gate as CustomGate

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.drawing import COLUMNS_MAX, picture_of
from queuebit_circuits.qasm import read_circuit
from queuebit_circuits.qasm.scope import CLBITS_MAX, QUBITS_MAX
from queuebit_client.cli import main
from queuebit_client.cli.files import BadFile
from queuebit_contracts.backends import BackendRuns, BackendView
from queuebit_quantum_adapter.errors import UnusableProblem
from queuebit_workbench.circuits import child, files
from queuebit_workbench.circuits.ranking import By, ranked
from queuebit_workbench.circuits.values import FILE_BYTES_MAX, Estimate, Fit

AT = datetime(2026, 3, 1, tzinfo=UTC)
HEAD = 'OPENQASM 3.0; include "stdgates.inc";'
GHZ = f"{HEAD} qubit[3] q; bit[3] c; h q[0]; cx q[0], q[1]; cx q[0], q[2]; barrier q; c = measure q;"


def ghz() -> Circuit:
    return read_circuit(GHZ)


def quiet(_item: Any) -> None:
    """Nobody listens."""


def test_a_circuit_is_drawn_as_early_as_its_wires_are_free() -> None:
    assert picture_of(ghz(), "ghz").text().splitlines() == [
        "ghz",
        "q0: ─[h]──●───●──░─[M→0]─",
        "q1: ─────[x]──│──░─[M→1]─",
        "q2: ─────────[x]─░─[M→2]─",
    ]


def test_the_picture_is_a_picture_and_has_no_script() -> None:
    root = ElementTree.fromstring(picture_of(ghz(), "<ghz>").svg())  # noqa: S314 - our own picture

    kinds = [each.tag.rpartition("}")[2] for each in root.iter()]
    assert (kinds.count("circle"), kinds.count("script")) == (2, 0)
    assert kinds.count("rect") == 1 + 1 + 2 + 3


def test_conditions_are_boxes_and_what_is_too_long_is_counted() -> None:
    branch = read_circuit(f"{HEAD} qubit[2] q; bit c; c = measure q[0]; if (c) {{ x q[1]; h q[1]; }}")
    long = read_circuit(f"{HEAD} qubit q; " + "x q; " * (COLUMNS_MAX + 5))

    assert "[if c0: 2 ops]" in picture_of(branch, "").text()
    assert picture_of(long, "").text().endswith("and 5 more operations")


def test_before_and_after_a_device_are_counted() -> None:
    plain = child.fit(Fit(ghz()), quiet).stats
    fitted = child.fit(Fit(ghz(), "fake_manila", layout=(2, 1, 3)), quiet)

    assert (plain.depth, plain.two_qubit_gates, plain.two_qubit_depth, plain.success) == (4, 2, 2, None)
    assert fitted.stats.layout == (2, 1, 3)
    assert fitted.stats.two_qubit_gates == 2
    assert set(fitted.stats.operations) <= {"rz", "sx", "x", "cx", "measure"}
    assert 0.5 < (fitted.stats.success or 0) < 1
    assert fitted.picture.wires == ("$1", "$2", "$3")


def test_a_circuit_goes_through_every_format_and_back(tmp_path: Path) -> None:
    for name, version in (("a.qasm", 2), ("b.qasm", 3), ("c.qpy", 3)):
        files.write(ghz(), str(tmp_path / name), version)
        again = files.read(str(tmp_path / name))

        assert (again.qubits, again.clbits, again.count(2)) == (3, 3, 2), name
        assert child.fit(Fit(again), quiet).stats == child.fit(Fit(ghz()), quiet).stats, name


def test_a_hostile_file_of_qpy_is_refused_in_its_process(tmp_path: Path) -> None:
    hostile = [b"", b"QISKIT", b"QISKIT\x0f\x02\x00\x00\x00" + b"\xff" * 400, b"\x80\x04." * 30]

    refused = files.in_processes("read_qpy", hostile, instead=lambda content, error: (content, type(error).__name__))

    assert refused == [(content, "TaskFailed") for content in hostile]
    file = tmp_path / "bad.qpy"
    file.write_bytes(hostile[2])
    with pytest.raises(BadFile, match="no QPY that can be read"):
        files.read(str(file))


def qpy_of(made: Any) -> bytes:
    file = io.BytesIO()
    qpy.dump(made, file)
    return file.getvalue()


def lying() -> Any:
    """A gate that is called h and does x, behind a condition."""
    body = QuantumCircuit(1)
    body.x(0)
    gate = CustomGate("h", 1, [])
    gate.definition = body
    made = QuantumCircuit(1, 1)
    with made.if_test((0, 0)):
        made.append(gate, [0])
    return made


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lying, "operation 'h'"),
        (lambda: QuantumCircuit(QUBITS_MAX + 1), "more than 1000 qubits"),
        (lambda: QuantumCircuit(1, CLBITS_MAX + 1), "1000 bits"),
    ],
)
def test_a_circuit_that_is_no_circuit_of_ours_is_refused(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(UnusableProblem, match=said):
        child.read_qpy(qpy_of(make()), quiet)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--layout", "1,0,2"], "Give --target too"),
        (["--target", "fake_manila", "--layout", "0,1,99999999"], "from 0 to 4"),
        (["--target", "fake_manila", "--plot", "picture.png"], "no SVG file"),
    ],
)
def test_a_flag_that_says_nothing_is_refused(
    flags: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ghz.qasm"
    file.write_text(GHZ)

    code = main.run(["circuit", "draw", str(file), *flags])

    assert (code, said in capsys.readouterr().err) == (2, True)


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large.qpy"
    file.write_bytes(b"x" * (FILE_BYTES_MAX + 1))

    with pytest.raises(BadFile, match="more than 1000000 bytes"):
        files.read(str(file))


def estimates() -> list[Estimate]:
    return [
        Estimate("dear", "quantum", 0.9, 2.0, {"USD": 3.0}),
        Estimate("cheap", "quantum", 0.7, 2.0, {"USD": 0.5}, cost_at_least=True),
        Estimate("silent", "quantum", None, None, {}, cost_at_least=True),
        Estimate("ideal", "simulator", 1.0),
        Estimate("small", "quantum", refused="The circuit has 3 qubits; small has 2."),
    ]


def view(name: str, wait_s: float | None, state: Any = "available") -> BackendView:
    runs = BackendRuns(count=1, total=1, failed=0, wait_s_median=wait_s)
    return BackendView(name=name, lane="quantum", state=state, reported_at=AT, report_age_s=1.0, runs=runs)


@pytest.mark.parametrize(
    ("by", "order"),
    [
        ("success", ["ideal", "dear", "cheap", "silent", "small"]),
        ("wait", ["cheap", "dear", "ideal", "silent", "small"]),
        ("cost", ["ideal", "cheap", "dear", "silent", "small"]),
    ],
)
def test_what_is_not_known_stands_behind_what_is(by: By, order: list[str]) -> None:
    views = {
        name: view(name, wait_s) for name, wait_s in (("dear", 60.0), ("cheap", 5.0), ("silent", None), ("ideal", None))
    }

    found = ranked(estimates(), views, by)

    assert [each.backend for each in found] == order
    assert [each.cost for each in found if each.backend in ("silent", "ideal")] == (
        [{}, None] if order.index("ideal") < order.index("silent") else [None, {}]
    )


def test_one_that_is_not_there_stands_behind_those_that_are() -> None:
    views = {
        "dear": view("dear", 1.0),
        "cheap": view("cheap", 1.0, "stale"),
        "ideal": view("ideal", 1.0, "unavailable"),
    }

    found = [(each.backend, each.state) for each in ranked(estimates()[:4], views, "success")]

    assert found == [("dear", "available"), ("silent", "unknown"), ("cheap", "stale"), ("ideal", "unavailable")]


def test_the_command_line_ranks_what_is_configured_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ghz.qasm"
    file.write_text(GHZ)
    for name in ("QUEUEBIT_QUANTUM_PROVIDERS", "QUEUEBIT_QUANTUM_SIMULATOR_TARGET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QUEUEBIT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("QUEUEBIT_API_KEY", "none")

    code = main.run(["backends", "rank", str(file), "--json"])

    out, err = capsys.readouterr()
    assert code == 0
    assert '"backend":"aer_simulator"' in out.replace(" ", "")
    assert '"wait_s":null' in out.replace(" ", "")
    assert "Waits and states are unknown" in err


def test_prices_in_several_currencies_order_nothing_but_what_is_free() -> None:
    euros = [replace(each, cost={"EUR": 9.0}) if each.backend == "cheap" else each for each in estimates()]

    found = [each.backend for each in ranked(euros, {}, "cost")]

    assert found == ["ideal", "dear", "cheap", "silent", "small"], "the dear one succeeds more often"
    assert next(each.cost for each in ranked(euros, {}, "cost") if each.backend == "cheap") == {"EUR": 9.0}


def test_qpy_keeps_the_names_of_registers(tmp_path: Path) -> None:
    text = f"{HEAD} qubit[3] q; bit[2] left; bit[1] right; h q[0]; left[1] = measure q[0]; right[0] = measure q[2];"
    path = str(tmp_path / "named.qpy")

    files.write(read_circuit(text), path, 3)
    again = files.read(path)

    assert [(each.name, each.size) for each in again.registers] == [("left", 2), ("right", 1)]
    assert again.keys([0b101, 0b010]) == read_circuit(text).keys([0b101, 0b010])
    (made,) = qpy.load(io.BytesIO(Path(path).read_bytes()))
    assert [each.name for each in made.cregs] == ["left", "right"]


@pytest.mark.parametrize("name", ["a b", "bit", "α"])
def test_names_of_registers_that_are_no_words_of_openqasm_are_not_kept(name: str) -> None:
    made = QuantumCircuit(QuantumRegister(1), ClassicalRegister(1, name))
    made.measure(0, 0)

    assert [each.name for each in child.read_qpy(qpy_of(made), quiet).registers] == ["c"]
