"""One attempt, from the problem to a checked answer. Runs in a worker process, which may be killed at any moment.

Encode, reduce, choose mixer, method and depth, build the circuits, hand each in once, read the samples, polish.
"""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from queuebit_circuits.text import to_qasm3
from queuebit_contracts.canonical import fingerprint
from queuebit_problems.encoding.qubo import Ising
from queuebit_quantum_adapter.algorithms.qaoa import linear_ramp, qaoa_circuit
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.circuits import text_hash
from queuebit_quantum_adapter.pipelines.attempt import Attempt, Report
from queuebit_quantum_adapter.pipelines.conclusion import conclude, method_name
from queuebit_quantum_adapter.pipelines.planning import prepare
from queuebit_quantum_adapter.pipelines.samples import derived_seed
from queuebit_quantum_adapter.ports import Submission
from queuebit_quantum_adapter.shell.task import Outcome, Stage, Task
from queuebit_quantum_adapter.submissions.running import CIRCUITS_TOLD_MAX, Runner, open_provider

WARM_KEY = UUID(int=0)


def run(task: Task, report: Report) -> Outcome:
    """Answer the problem on the task's backend. Raises AdapterError."""
    cpu_begun = time.process_time()
    prepared = prepare(task)
    report(Stage("encoded"))
    provider = open_provider(task.backend)
    attempt = Attempt(task, prepared, Runner(task, provider), report)
    if not prepared.reduced.cores:
        attempt.work.polished_bits.append(prepared.reduced.lift([]))
    elif prepared.fits:
        attempt.sample_whole()
    else:
        attempt.sample_rounds()
    best, evidence = conclude(attempt)
    attempt.passed("polished", best)
    return Outcome(
        answer=best.answer,
        objective=best.objective,
        method=method_name(attempt, evidence),
        shots=attempt.runner.shots,
        iterations=max(1, attempt.work.iterations),
        cpu_s=time.process_time() - cpu_begun,
        evidence=evidence,
        provenance=_provenance(attempt),
    )


def warm(backend: BackendSpec) -> None:
    """Load what the first attempt would wait for: the SDK, and one small run of it."""
    ising = Ising(2, {0: 1}, {(0, 1): 1})
    submission = Submission(qaoa_circuit(ising, linear_ramp(ising, 1)), 1, 0)
    provider = open_provider(backend)
    provider.preflight(submission)
    provider.submit(submission, WARM_KEY)


def _provenance(attempt: Attempt) -> dict[str, Any]:
    """What reproduces the run. Everything but `run` is equal whenever the same job runs again with the same versions.

    The first circuit is told in full; of the others, as many as CIRCUITS_TOLD_MAX, what tells them apart.
    """
    task, prepared, sampled = attempt.task, attempt.prepared, attempt.runner.sampled
    capabilities = attempt.runner.provider.capabilities()
    told: dict[str, Any] = {
        "problem_fingerprint": fingerprint(task.problem),
        "algorithm": prepared.method,
        "mixer": prepared.mixer,
        "layers": attempt.layers,
        "fixed": {str(variable): bit for variable, bit in sorted(prepared.reduced.fixed.items())[:100]},
        "shots": task.recipe.shots,
        "seeds": {
            "job": task.seed,
            "simulator": derived_seed(task.seed, "simulator"),
            "placebo": derived_seed(task.seed, "placebo") if task.recipe.placebo else None,
        },
        "backend": {"name": capabilities.backend, "version": capabilities.version},
    }
    if not sampled:
        return told
    ramp, first = attempt.work.final[0]
    qasm3 = to_qasm3(first.circuit.circuit)
    told |= {
        "gammas": list(ramp.gammas),
        "betas": list(ramp.betas),
        "sigma": ramp.sigma,
        **first.told(),
        "qasm3": {"sha256": text_hash(qasm3), "bytes": len(qasm3.encode())},
        **first.result.record,
        "run": dict(first.result.timing),
    }
    if len(sampled) > 1:
        told["circuits"] = [each.told() for each in sampled[:CIRCUITS_TOLD_MAX]]
        told["circuits_fingerprint"] = fingerprint([each.told() for each in sampled])
    return told
