"""One attempt, from the problem to a checked answer. Runs in a worker process, which may be killed at any moment.

Encode, reduce, choose the depth, build the circuit, hand it in once, read the samples, polish.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, cast
from uuid import UUID

from queuebit_contracts.canonical import fingerprint
from queuebit_problems.errors import ProblemError
from queuebit_problems.errors import TooManyQubits as TooManyVariables
from queuebit_problems.optimisation import Encoding, Optimisation
from queuebit_problems.qubo import Ising
from queuebit_problems.registry import parse_optimisation
from queuebit_quantum_adapter.ansatz import Ramp, linear_ramp, qaoa_circuit
from queuebit_quantum_adapter.circuits import BoundCircuit, text_hash
from queuebit_quantum_adapter.errors import InvalidProblem, NoFeasibleSample, RunFailed, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.limits import affordable_layers
from queuebit_quantum_adapter.ports import FreeLedger, Provider, Samples, Submission, SubmissionState
from queuebit_quantum_adapter.reduction import Reduced, fix_symmetry
from queuebit_quantum_adapter.samples import Candidate, Reading, derived_seed, polish, random_counts, read_samples
from queuebit_quantum_adapter.submission import submit_once
from queuebit_quantum_adapter.task import BackendSpec, Outcome, Stage, Task

Report = Callable[[Stage], None]
POLL_INTERVAL_S = 0.2
WARM_KEY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A problem as a circuit, ready to be handed in. `reasons` says what was changed against the wish, and why."""

    kind: Optimisation[Any]
    statement: Any
    encoding: Encoding
    reduced: Reduced
    ramp: Ramp
    circuit: BoundCircuit
    reasons: tuple[str, ...] = field(default=())


def run(task: Task, report: Report) -> Outcome:
    """Answer the problem on the task's backend. Raises AdapterError."""
    cpu_begun = time.process_time()

    def passed(stage: str, best: Candidate | None = None) -> None:
        report(Stage(stage, None if best is None else best.objective))

    prepared = prepare(task)
    passed("encoded")
    provider = open_provider(task.backend)
    submission = Submission(prepared.circuit, task.recipe.shots, derived_seed(task.seed, "simulator"))
    provider.preflight(submission)
    passed("transpiled")
    passed("running")
    samples = execute(provider, submission, task.attempt_id)
    reading = _read(prepared, samples.counts)
    passed("decoded", reading.best)
    best, evidence = conclude(task, prepared, reading)
    passed("polished", best)
    return Outcome(
        answer=best.answer,
        objective=best.objective,
        method=f"LR-QAOA p={prepared.ramp.layers}" + (" + local search" if evidence["polished"] else ""),
        shots=task.recipe.shots,
        cpu_s=time.process_time() - cpu_begun,
        evidence=evidence,
        provenance=_provenance(task, prepared, samples, provider),
    )


def warm(backend: BackendSpec) -> None:
    """Load what the first attempt would wait for: the SDK, and one small run of it."""
    ising = Ising(2, {0: 1}, {(0, 1): 1})
    submission = Submission(qaoa_circuit(ising, linear_ramp(ising, 1)), 1, 0)
    provider = open_provider(backend)
    provider.preflight(submission)
    provider.submit(submission, WARM_KEY)


def prepare(task: Task) -> Prepared:
    """Encode and build the circuit. Pure: no SDK is touched. Raises AdapterError."""
    try:
        kind, statement = parse_optimisation(task.problem)
        encoding = kind.encoding(statement)
    except TooManyVariables as error:
        raise TooManyQubits(error.detail, remedy=error.remedy) from error
    except ProblemError as error:
        raise InvalidProblem(str(error), remedy=error.remedy) from error
    reduced = fix_symmetry(encoding.qubo.to_ising())
    ising = reduced.ising
    if ising.n < 1:
        raise UnusableProblem("The problem has no variable that a circuit could sample.")
    terms = len(ising.j) + len(ising.h)
    wished = task.recipe.layers
    layers = affordable_layers(task.limits, task.budget_s, ising.n, wished, terms)
    reasons: list[str] = []
    if reduced.fixed:
        (variable,) = reduced.fixed
        reasons.append(f"Variable {variable} is fixed at 0: flipping all variables changes nothing.")
    if layers < wished:
        reasons.append(f"{layers} layers instead of {wished}: more would not fit the budget of {task.budget_s:g} s.")
    try:
        ramp = linear_ramp(ising, layers)
        circuit = qaoa_circuit(ising, ramp)
    except OverflowError as error:
        raise UnusableProblem("A coefficient is too large for an angle.") from error
    if not all(isfinite(angle) for angle in circuit.angles):
        raise UnusableProblem("The coefficients are too small for an angle.")
    return Prepared(kind, statement, encoding, reduced, ramp, circuit, tuple(reasons))


def open_provider(backend: BackendSpec) -> Provider:
    """The provider that the specification names; its SDK is imported here, in the worker process."""
    module, _, function = backend.opener.partition(":")
    return cast(Provider, getattr(importlib.import_module(module), function)(**backend.options))


def execute(provider: Provider, submission: Submission, attempt_id: UUID) -> Samples:
    """Hand the circuit in once, under the attempt's id, and wait for its samples. Raises AdapterError."""
    provider_id = submit_once(provider, FreeLedger(), submission, attempt_id)
    while not (state := provider.poll(provider_id)).final:
        time.sleep(POLL_INTERVAL_S)
    if state is not SubmissionState.SUCCEEDED:
        raise RunFailed(f"The submission {provider_id} ended as {state.value}.")
    return provider.result(provider_id)


def conclude(task: Task, prepared: Prepared, reading: Reading) -> tuple[Candidate, dict[str, Any]]:
    """The answer, and the evidence that keeps apart what the circuit reached and what the polish added."""
    starts = task.recipe.polish_starts if task.recipe.polish else 0
    best = polish(prepared.kind, prepared.statement, prepared.encoding, reading, starts)
    if best is None:
        raise NoFeasibleSample(f"None of {reading.shots} samples was feasible, and none could be repaired.")
    evidence = {
        **reading.evidence(),
        "best_fraction": 0.0 if best is not reading.best else reading.best_count / reading.shots,
        "polished": best is not reading.best,
        "polish_starts": min(starts, len(reading.bits)),
        "polished_objective": best.objective if starts else None,
        "layers": prepared.ramp.layers,
        "layers_wished": task.recipe.layers,
        "reasons": list(prepared.reasons),
    }
    if task.recipe.placebo:
        qubits = prepared.reduced.ising.n
        noise = _read(prepared, random_counts(qubits, task.recipe.shots, derived_seed(task.seed, "placebo")))
        placebo = polish(prepared.kind, prepared.statement, prepared.encoding, noise, starts)
        evidence["placebo_best"] = None if placebo is None else placebo.objective
        evidence["placebo"] = noise.evidence()
    return best, evidence


def _read(prepared: Prepared, counts: Any) -> Reading:
    return read_samples(prepared.kind, prepared.statement, prepared.encoding, prepared.reduced, counts)


def _provenance(task: Task, prepared: Prepared, samples: Samples, provider: Provider) -> dict[str, Any]:
    """What reproduces the run. Everything but `run` is equal whenever the same job runs again with the same versions."""
    capabilities, template = provider.capabilities(), prepared.circuit.template
    qasm3 = prepared.circuit.to_qasm3()
    return {
        "problem_fingerprint": fingerprint(task.problem),
        "algorithm": task.recipe.algorithm,
        "layers": prepared.ramp.layers,
        "gammas": list(prepared.ramp.gammas),
        "betas": list(prepared.ramp.betas),
        "sigma": prepared.ramp.sigma,
        "qubits": template.qubits,
        "fixed": {str(variable): bit for variable, bit in prepared.reduced.fixed.items()},
        "gates_1q": template.count(1),
        "gates_2q": template.count(2),
        "structure_fingerprint": template.fingerprint,
        "counts_fingerprint": fingerprint([[sample, count] for sample, count in sorted(samples.counts.items())]),
        "qasm3": {"sha256": text_hash(qasm3), "bytes": len(qasm3.encode())},
        "shots": task.recipe.shots,
        "seeds": {
            "job": task.seed,
            "simulator": derived_seed(task.seed, "simulator"),
            "placebo": derived_seed(task.seed, "placebo") if task.recipe.placebo else None,
        },
        "backend": {"name": capabilities.backend, "version": capabilities.version},
        **samples.record,
        "run": dict(samples.timing),
    }
