"""From a problem to a checked answer: encode, reduce, choose mixer, method and depth, build the circuits, hand each in once,
read the samples, polish.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from queuebit_circuits.text import text_hash, to_qasm3
from queuebit_contracts.canonical import fingerprint
from queuebit_quantum_adapter.pipelines.attempt import Attempt
from queuebit_quantum_adapter.pipelines.conclusion import conclude, method_name
from queuebit_quantum_adapter.pipelines.planning import prepare
from queuebit_quantum_adapter.pipelines.sampler import CIRCUITS_TOLD_MAX, Sampler
from queuebit_quantum_adapter.pipelines.samples import derived_seed
from queuebit_quantum_adapter.shell.task import PACKAGE, Outcome, Report, Stage, Task
from queuebit_quantum_adapter.submissions.running import Runner


def optimised(task: Task, runner: Runner, report: Report) -> Outcome:
    """Answer the problem on the task's backend. Raises AdapterError."""
    prepared = prepare(task)
    report(Stage("encoded"))
    attempt = Attempt(task, prepared, Sampler(task, runner), report)
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
        shots=runner.shots,
        iterations=max(1, attempt.work.iterations),
        evidence=evidence,
        provenance=_provenance(attempt),
        without_circuit=not attempt.sampler.sampled,
    )


def _provenance(attempt: Attempt) -> dict[str, Any]:
    """What reproduces the run. Everything but `run` is equal whenever the same job runs again with the same versions.

    The first circuit is told in full; of the others, as many as CIRCUITS_TOLD_MAX, what tells them apart.
    """
    task, prepared, sampled = attempt.task, attempt.prepared, attempt.sampler.sampled
    told: dict[str, Any] = {
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
    }
    if not sampled:
        return told | {"backend": {"name": PACKAGE, "version": version(PACKAGE)}}
    capabilities = attempt.sampler.provider.capabilities()
    ramp, first = attempt.work.final[0]
    qasm3 = to_qasm3(first.circuit.filled)
    told |= {
        "backend": {"name": capabilities.backend, "version": capabilities.version},
        "gammas": list(ramp.gammas),
        "betas": list(ramp.betas),
        "sigma": ramp.sigma,
        **first.told(),
        "qasm3": {"sha256": text_hash(qasm3), "bytes": len(qasm3.encode())},
        **first.record(),
        "run": dict(first.result.timing),
    }
    if len(sampled) > 1:
        told["circuits"] = [each.told() for each in sampled[:CIRCUITS_TOLD_MAX]]
        told["circuits_fingerprint"] = fingerprint([each.told() for each in sampled])
    return told
