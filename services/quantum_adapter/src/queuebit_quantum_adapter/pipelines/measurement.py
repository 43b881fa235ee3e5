"""Circuits measured, from the statement to a result.

What is measured is the kind's own business; here it gets a device, and what ran is written down.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from queuebit_circuits.text import batch_print, text_hash, to_qasm3
from queuebit_contracts.canonical import fingerprint
from queuebit_problems.errors import OutOfBudget, ProblemError
from queuebit_problems.measurement import Effort, Measured, Measurement, OnStep, Step
from queuebit_problems.registry import parse_problem
from queuebit_quantum_adapter.errors import BudgetTooSmall, InvalidProblem, UnusableProblem
from queuebit_quantum_adapter.pipelines.measurement_device import ProviderDevice
from queuebit_quantum_adapter.shell.task import Outcome, Report, Stage, Task
from queuebit_quantum_adapter.submissions.running import Runner

STEP_INTERVAL_S = 0.2
LOOP_SHARE = 0.8
LEFT_SHARE_MIN = 0.2
TEXTS_MAX = 16
"""So many circuits of a result have their text hashed; the fingerprint covers all."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a task asks, read once, however often it is gone through."""

    task: Task
    kind: Measurement[Any]
    statement: Any
    read_s: float

    def measured(self, runner: Runner, report: Report) -> Outcome:
        """Measure on the task's backend. Raises AdapterError."""
        task = self.task
        device = ProviderDevice(
            runner, task.limits, task.budget_s,
            name=task.backend.name, mitigation=task.mitigation, transpilation=task.transpilation,
        )  # fmt: skip
        report(Stage("running"))
        effort = Effort(left_s(task.budget_s, self.read_s), task.seed)
        try:
            found = self.kind.measure(self.statement, device, effort, thinned(report, time.monotonic), lambda: False)
        except OutOfBudget as error:
            raise BudgetTooSmall(error.detail, remedy=error.remedy) from error
        except ProblemError as error:
            raise UnusableProblem(error.detail, remedy=error.remedy) from error
        # A kind that asks for exact values counts no shots; a device that only samples has taken some nevertheless.
        shots = found.shots or runner.shots
        report(Stage("measured", found.objective))
        return Outcome(
            answer=found.answer,
            objective=found.objective,
            method=found.method.removesuffix(f" on {device.name}").rstrip(", "),
            shots=shots,
            evidence={**found.evidence, "shots": shots, "equivalence": device.equivalence(), **device.target()},
            provenance=_provenance(task, found, device, runner, shots),
            bound=found.bound,
            iterations=found.iterations,
        )


def question_of(task: Task) -> Question:
    """Raises InvalidProblem or UnusableProblem."""
    begun_s = time.monotonic()
    kind, statement = _parsed(task)
    return Question(task, kind, statement, time.monotonic() - begun_s)


def measured(task: Task, runner: Runner, report: Report) -> Outcome:
    """Measure on the task's backend. Raises AdapterError."""
    return question_of(task).measured(runner, report)


def left_s(budget_s: float, spent_s: float) -> float:
    """What a loop may use: a share of the budget, for it ends only when the circuits at hand are done, less what is spent."""
    return max(LEFT_SHARE_MIN * budget_s, LOOP_SHARE * budget_s - spent_s)


def thinned(report: Report, monotonic_s: Callable[[], float]) -> OnStep:
    """Passes steps on, some time apart: a loop may take thousands a second."""
    last_s = -STEP_INTERVAL_S

    def on_step(step: Step) -> None:
        nonlocal last_s
        now_s = monotonic_s()
        if now_s - last_s >= STEP_INTERVAL_S:
            last_s = now_s
            report(Stage(f"iteration {step.iterations}" + (f": {step.detail}" if step.detail else ""), step.objective))

    return on_step


def _parsed(task: Task) -> tuple[Measurement[Any], Any]:
    try:
        kind, statement = parse_problem(task.problem)
    except ProblemError as error:
        raise InvalidProblem(str(error), remedy=error.remedy) from error
    if not isinstance(kind, Measurement):
        raise UnusableProblem(f"{kind.name} measures no circuits.")
    return kind, statement


def _provenance(task: Task, found: Measured, device: ProviderDevice, runner: Runner, shots: int) -> dict[str, Any]:
    """What reproduces the run. Everything but `run` is equal whenever the same job runs again with the same versions."""
    texts = "".join(to_qasm3(circuit) for circuit in found.circuits[:TEXTS_MAX])
    return {
        "circuit_fingerprint": batch_print(found.circuits) if found.circuits else None,
        "circuits": len(found.circuits),
        "qasm3": {
            "sha256": text_hash(texts),
            "bytes": len(texts.encode()),
            "circuits": min(TEXTS_MAX, len(found.circuits)),
        },
        "answer_fingerprint": fingerprint(found.answer),
        "shots": shots,
        "iterations": found.iterations,
        "submissions": runner.requests,
        "circuit_runs": runner.circuits,
        "seeds": {"job": task.seed},
        "backend": {"name": task.backend.name, "version": task.backend.version},
        **device.record,
        "run": {"run_s": round(runner.run_s, 6)},
    }
