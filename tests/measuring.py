"""A small kind of measurement for tests: coins that are tossed, each with its own angle. Registered by `tossing`."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field

from queuebit_circuits.circuit import Circuit, Gate, Measure, Register
from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Problem
from queuebit_problems import registry
from queuebit_problems.kind import Answer, Params, Size, Statement
from queuebit_problems.measurement import Device, Effort, Examination, Measured, Measurement, OnStep, Step, Stop, Test

EXACT_MAX = 4
LIMIT = 0.1


class TossesStatement(Statement):
    angles: Annotated[tuple[float, ...], Field(min_length=1, max_length=40)]
    shots: Annotated[int, Field(ge=1)] = 1000


class Tosses(Measurement[TossesStatement]):
    """How often coins show their faces: coin q is turned by RY(angle q) and measured into bit q."""

    name = "tosses"
    title = "Tosses"
    sense: ClassVar[Literal["min", "max"] | None] = None
    answer_shape = '{"counts": {bits: n}, "shots": n}'
    formats = ()
    statement = TossesStatement

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> TossesStatement:
        return self.parse(json.loads(text))

    def size(self, statement: TossesStatement) -> Size:
        qubits = len(statement.angles)
        return Size(qubits, qubits, 2 * qubits)

    def answer_errors(self, statement: TossesStatement, answer: Answer) -> list[FieldError]:
        counts = answer.get("counts")
        if not isinstance(counts, dict) or sum(counts.values()) != statement.shots:
            return [FieldError("/counts", "shots", f"should add up to {statement.shots}")]
        return []

    def circuit(self, statement: TossesStatement) -> Circuit:
        qubits = len(statement.angles)
        turns = tuple(Gate("ry", (qubit,), (angle,)) for qubit, angle in enumerate(statement.angles))
        reads = tuple(Measure(qubit, qubit) for qubit in range(qubits))
        return Circuit(qubits, (Register("c", qubits),), (*turns, *reads))

    def measure(
        self, statement: TossesStatement, device: Device, effort: Effort, on_step: OnStep, stop: Stop
    ) -> Measured:
        del stop
        circuit = self.circuit(statement)
        (counts,) = device.counts([circuit], shots=statement.shots, seed=effort.seed)
        on_step(Step(1))
        answer = {"counts": dict(counts), "shots": statement.shots}
        return Measured(answer, None, "tosses", shots=statement.shots, circuits=(circuit,))

    def exact(self, statement: TossesStatement, effort: Effort) -> Measured | None:
        if len(statement.angles) > EXACT_MAX:
            return None
        from queuebit_circuits.simulator import outcomes

        drawn = outcomes(self.circuit(statement)).sample(statement.shots, effort.seed)
        answer = {"counts": drawn, "shots": statement.shots}
        return Measured(answer, None, "exact simulation", shots=statement.shots)

    def examine(self, statement: TossesStatement, answer: Answer) -> Examination:
        if len(statement.angles) > EXACT_MAX:
            return Examination(exact=False, tests=())
        from queuebit_circuits.simulator import distribution

        exact = distribution(self.circuit(statement))
        counts: dict[str, int] = answer["counts"]
        away = sum(abs(counts.get(k, 0) / statement.shots - exact.get(k, 0)) for k in counts.keys() | exact.keys()) / 2
        test = Test("total_variation", away, max(0.0, away - 0.05), away + 0.05, LIMIT, away <= LIMIT, "all outcomes")
        return Examination(exact=True, tests=(test,))

    def example(self) -> TossesStatement:
        return TossesStatement(angles=(0.4, 2.0))


TOSSES = Tosses()


def tosses(*angles: float, shots: int = 1000) -> Problem:
    return Problem(kind="tosses", statement={"angles": list(angles), "shots": shots})


def tossing() -> None:
    """Make the kind known in this process."""
    registry._loaded[("tosses", 1)] = TOSSES


@pytest.fixture
def coins(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The kind is known during the test."""
    monkeypatch.setitem(registry._loaded, ("tosses", 1), TOSSES)
    return TOSSES
