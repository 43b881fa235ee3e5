"""From samples to the answer, and the evidence that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queuebit_contracts.jobs import Number
from queuebit_quantum_adapter.algorithms.spectrum import range_of
from queuebit_quantum_adapter.errors import NoFeasibleSample
from queuebit_quantum_adapter.pipelines.attempt import Attempt
from queuebit_quantum_adapter.pipelines.evidence import known_optimum, range_evidence, reading_evidence, target_evidence
from queuebit_quantum_adapter.pipelines.samples import Candidate, Reading, polish, read_samples


def conclude(attempt: Attempt) -> tuple[Candidate, dict[str, Any]]:
    """The answer, and the evidence that keeps apart what circuit, polish and placebo reached. Raises NoFeasibleSample."""
    task, prepared, work = attempt.task, attempt.prepared, attempt.work
    question, recipe = prepared.question, task.recipe
    reading = read_samples(question, work.counts) if work.counts else None
    if prepared.fits:
        work.best = None if reading is None else reading.best
    attempt.passed("decoded", work.best)
    raw_best, starts = work.best, recipe.polish_starts if recipe.polish else 0
    if work.eliminated is not None and question.better(work.eliminated, work.best) is not work.best:
        work.best, work.source = work.eliminated, "elimination"
    if not prepared.reduced.cores:
        work.best, work.source = question.candidate(question.encoding.decode(work.polished_bits[0])), "reduction"
    optimum = known_optimum(question, work.best)
    used = 0
    if prepared.fits:
        bits = [*work.polished_bits, *(reading.bits if reading is not None else ())]
        polished, used = polish(question, bits, starts, work.best, optimum)
        if polished is not work.best:
            work.best, work.source = polished, "polish"
    best = work.best
    if best is None:
        raise NoFeasibleSample(f"None of {recipe.shots} samples was feasible, and none could be repaired.")
    if optimum is None:
        optimum = known_optimum(question, best)
    spread = range_of(prepared.reduced) if prepared.fits else None
    evidence = {
        "method": prepared.method,
        "mixer": prepared.mixer,
        "circuits": len(attempt.sampler.sampled),
        "iterations": work.iterations,
        **reading_evidence(reading, spread, optimum),
        **range_evidence(reading, spread),
        "optimum": optimum,
        "rqaoa_objective": _objective(work.eliminated),
        "start_objective": _objective(work.start),
        "best_source": work.source,
        "best_fraction": _share(reading, raw_best, best),
        "polished": work.source == "polish",
        "polish_starts": used if prepared.fits else work.polish_starts,
        "polished_objective": best.objective if starts else None,
        "layers": attempt.layers,
        "layers_wished": prepared.wished,
        "esp": None if attempt.depth is None else attempt.depth.success,
        "reasons": [*prepared.reasons, *work.reasons],
        **_target(attempt),
    }
    if work.noise:
        noise = read_samples(question, work.noise)
        tried = polish(question, noise.bits, starts, noise.best, optimum)[0] if prepared.fits else work.placebo
        evidence["placebo_best"] = _objective(tried)
        evidence["placebo"] = reading_evidence(noise, spread, optimum)
    return best, evidence


def _target(attempt: Attempt) -> dict[str, Any]:
    """What a noisy target is, and what it made of the first circuit whose samples count; nothing where none ran."""
    if not attempt.work.final:
        return {}
    record = attempt.work.final[0][1].result.record
    return target_evidence(attempt.sampler.provider.capabilities(), record.get("target"))


def method_name(attempt: Attempt, evidence: Mapping[str, Any]) -> str:
    """What people read as the method that ran."""
    prepared = attempt.prepared
    if not attempt.sampler.sampled:
        return "roof duality (no circuit was needed)" if evidence["best_source"] != "start" else "heuristic"
    name = {"lr": "LR-QAOA", "rqaoa": "RQAOA", "trained": "trained QAOA"}[prepared.method]
    name = f"{name} p={attempt.layers}" + (" XY" if prepared.groups else "")
    if not prepared.fits:
        return f"{name} on cores around a heuristic" + (" + local search" if attempt.task.recipe.polish else "")
    return name + (" + local search" if evidence["polished"] else "")


def _objective(found: Candidate | None) -> Number | None:
    return None if found is None else found.objective


def _share(reading: Reading | None, raw: Candidate | None, best: Candidate) -> float | None:
    """The share of the samples that have the objective of the answer; None without samples."""
    if reading is None:
        return None
    return reading.best_count / reading.shots if raw is not None and raw.objective == best.objective else 0.0
