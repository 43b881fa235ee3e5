"""From a problem to a checked answer by an annealer: encode, reduce, sample the spins, read the samples, polish. No circuit."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from typing import Any

import numpy as np

from queuebit_contracts.canonical import fingerprint
from queuebit_problems.errors import ProblemError
from queuebit_problems.errors import TooManyQubits as TooManyVariables
from queuebit_problems.registry import parse_optimisation
from queuebit_quantum_adapter.algorithms.reduction import Core, Reduced, form_of, reduce
from queuebit_quantum_adapter.errors import InvalidProblem, NoFeasibleSample, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.pipelines.evidence import known_optimum, reading_evidence
from queuebit_quantum_adapter.pipelines.samples import (
    Bits,
    Question,
    derived_seed,
    joined,
    polish,
    read_samples,
)
from queuebit_quantum_adapter.ports import Request, Result, Spins
from queuebit_quantum_adapter.shell.task import PACKAGE, Outcome, Report, Stage, Task
from queuebit_quantum_adapter.submissions.running import Runner


def annealed(task: Task, runner: Runner, report: Report) -> Outcome:
    """Answer the problem on the task's annealer. Raises AdapterError."""
    question, reduced = _prepared(task)
    report(Stage("encoded"))
    results = _sampled(task, runner, reduced, report)
    counts, noise = _joined(task, reduced, results)
    reading = read_samples(question, counts)
    report(Stage("decoded", None if reading.best is None else reading.best.objective))
    starts = task.recipe.polish_starts if task.recipe.polish else 0
    optimum = known_optimum(question, reading.best)
    best, used = polish(question, reading.bits, starts, reading.best, optimum)
    if best is None:
        raise NoFeasibleSample(f"None of {task.recipe.shots} samples was feasible, and none could be repaired.")
    report(Stage("polished", best.objective))
    optimum = known_optimum(question, best) if optimum is None else optimum
    source = "reduction" if not results else "samples" if best is reading.best else "polish"
    share = reading.best_count / reading.shots if best is reading.best else 0.0
    evidence: dict[str, Any] = {
        "method": "anneal",
        **(reading_evidence(reading, None, optimum) if results else {"shots": 0}),
        "optimum": optimum,
        "best_source": source,
        "best_fraction": share,
        "polished": source == "polish",
        "polish_starts": used,
        "polished_objective": best.objective if starts else None,
        "reasons": list(reduced.reasons),
    }
    if noise is not None:
        at_random = read_samples(question, noise)
        tried, _ = polish(question, at_random.bits, starts, at_random.best, optimum)
        evidence["placebo_best"] = None if tried is None else tried.objective
        evidence["placebo"] = reading_evidence(at_random, None, optimum)
    method = results[0].record["method"] if results else "roof duality (no sample was needed)"
    return Outcome(
        answer=best.answer,
        objective=best.objective,
        method=method + (" + local search" if source == "polish" else ""),
        shots=runner.shots,
        iterations=1,
        evidence=evidence,
        provenance=_provenance(task, reduced, results),
        without_circuit=not results,
    )


def spins_of(core: Core) -> Spins:
    """The model of a core in floating point, as annealers take it. Raises UnusableProblem."""
    try:
        fields = tuple((i, float(value)) for i, value in sorted(core.ising.h.items()))
        couplings = tuple((i, k, float(value)) for (i, k), value in sorted(core.ising.j.items()))
    except OverflowError as error:
        raise UnusableProblem("A coefficient is too large for an annealer.") from error
    return Spins(core.ising.n, fields, couplings)


def _prepared(task: Task) -> tuple[Question, Reduced]:
    try:
        kind, statement = parse_optimisation(task.problem)
        encoding = kind.encoding(statement)
    except TooManyVariables as error:
        raise TooManyQubits(error.detail, remedy=error.remedy) from error
    except ProblemError as error:
        raise InvalidProblem(str(error), remedy=error.remedy) from error
    reduced = reduce(encoding, groups=(), prefilter=task.recipe.reduce, form=form_of(encoding.qubo))
    if reduced.qubits > task.backend.qubits_max:
        raise TooManyQubits(
            f"The problem needs {reduced.qubits} spins; {task.backend.name} takes at most {task.backend.qubits_max}."
        )
    return Question(kind, statement, encoding), reduced


def _sampled(task: Task, runner: Runner, reduced: Reduced, report: Report) -> list[Result]:
    found: list[Result] = []
    for ordinal, core in enumerate(reduced.cores):
        if not ordinal:
            report(Stage("running"))
        seed = derived_seed(task.seed, f"annealer:{ordinal}" if ordinal else "annealer")
        found.append(runner.run(Request((), (seed,), task.recipe.shots, spins=spins_of(core))))
    return found


def _joined(task: Task, reduced: Reduced, results: list[Result]) -> tuple[dict[Bits, int], dict[Bits, int] | None]:
    """Samples over all variables, and as many random ones where a placebo is wanted."""
    if not results:
        return {reduced.lift([]): 1}, None
    counts = joined(reduced, [each.counts[0] for each in results], derived_seed(task.seed, "join"))
    if not task.recipe.placebo:
        return counts, None
    drawn = [
        _at_random(core, task.recipe.shots, derived_seed(task.seed, f"placebo:{place}" if place else "placebo"))
        for place, core in enumerate(reduced.cores)
    ]
    return counts, joined(reduced, drawn, derived_seed(task.seed, "placebo:join"))


def _at_random(core: Core, shots: int, seed: int) -> dict[int, int]:
    """Random samples of any number of spins: what the same steps make of no annealer at all."""
    rows = np.random.default_rng(seed).integers(0, 2, size=(shots, core.ising.n), dtype=np.uint8)
    packed = np.packbits(rows, axis=1, bitorder="little")
    return dict(Counter(int.from_bytes(row.tobytes(), "little") for row in packed))


def _provenance(task: Task, reduced: Reduced, results: list[Result]) -> dict[str, Any]:
    """What reproduces the run. Everything but `run` is equal whenever the same job runs again with the same versions."""
    told: dict[str, Any] = {
        "algorithm": "anneal",
        "shots": task.recipe.shots,
        "fixed": {str(variable): bit for variable, bit in sorted(reduced.fixed.items())[:100]},
        "seeds": {"job": task.seed, "annealer": derived_seed(task.seed, "annealer")},
    }
    if not results:
        return told | {"backend": {"name": PACKAGE, "version": version(PACKAGE)}}
    told |= {
        "backend": {"name": task.backend.name, "version": task.backend.version},
        "spins": [core.ising.n for core in reduced.cores[:20]],
        "counts_fingerprint": fingerprint([[s, count] for s, count in sorted(results[0].counts[0].items())]),
        **results[0].record,
        "run": dict(results[0].timing),
    }
    return told
