"""The circuits of one attempt and what they bring: all cores at once, or core after core around the best answer known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from queuebit_quantum_adapter.algorithms import rqaoa
from queuebit_quantum_adapter.algorithms import trained as training
from queuebit_quantum_adapter.algorithms.depth import GAIN, GROUP_GAIN, Depth, best_depth
from queuebit_quantum_adapter.algorithms.qaoa import Ramp, qaoa_circuit
from queuebit_quantum_adapter.algorithms.reduction import Core, Reduced
from queuebit_quantum_adapter.errors import BudgetTooSmall
from queuebit_quantum_adapter.pipelines.planning import Prepared, circuits_of, drawn
from queuebit_quantum_adapter.pipelines.rounds import Cutter, classical_start
from queuebit_quantum_adapter.pipelines.sampler import Sampled, Sampler
from queuebit_quantum_adapter.pipelines.samples import (
    Bits,
    Candidate,
    derived_seed,
    joined,
    polish,
    random_counts,
    read_samples,
)
from queuebit_quantum_adapter.ports import Preflight
from queuebit_quantum_adapter.shell.task import Report, Stage, Task

ROUND_STARTS_MAX = 3
"""How many samples of each core of a large problem are polished."""


@dataclass(slots=True)
class Work:
    """What the circuits of an attempt have brought so far.

    `counts` and `noise` are samples over all variables, from the circuits and at random; `best` is the best answer apart from
    polish of the final samples, `source` where it is from; `placebo` is the best that random samples led to on the way.
    `final` are the circuits whose samples count, not those of training or elimination, and their angles.
    """

    counts: dict[Bits, int] = field(default_factory=dict)
    noise: dict[Bits, int] = field(default_factory=dict)
    best: Candidate | None = None
    source: str = "samples"
    start: Candidate | None = None
    placebo: Candidate | None = None
    eliminated: Candidate | None = None
    final: list[tuple[Ramp, Sampled]] = field(default_factory=list)
    iterations: int = 0
    polished_bits: list[Bits] = field(default_factory=list)
    polish_starts: int = 0
    reasons: list[str] = field(default_factory=list)


class Attempt:
    """One attempt at work: the task, what was prepared for it, and the circuits that have run."""

    def __init__(self, task: Task, prepared: Prepared, sampler: Sampler, report: Report) -> None:
        self.task = task
        self.prepared = prepared
        self.sampler = sampler
        self.work = Work()
        self.depth: Depth | None = None
        self._report = report
        self._begun = False

    @property
    def layers(self) -> int:
        """The depth of the circuits: what a noisy target bears, else what was planned."""
        return self.prepared.layers if self.depth is None else self.depth.layers

    def passed(self, stage: str, best: Candidate | None = None) -> None:
        self._report(Stage(stage, None if best is None else best.objective))

    def sample_whole(self) -> None:
        """Circuits for all cores of the problem, by the method that was chosen."""
        prepared, work = self.prepared, self.work
        found = [self._sample_core(core) for core in prepared.reduced.cores]
        work.counts = self._joined(prepared.reduced, found, "join")
        if self.task.recipe.placebo:
            work.noise = self._noise(prepared.reduced, "placebo")
        if prepared.method == "rqaoa":
            self._eliminate(found)

    def sample_rounds(self) -> None:
        """Circuits for cores around the best answer known, which each may better."""
        prepared, work, recipe = self.prepared, self.work, self.task.recipe
        question = prepared.question
        start = classical_start(question, self.task.seed)
        work.start = work.best = work.placebo = start.best
        work.source = "start"
        cutter = Cutter(question.encoding, prepared.form, prepared.groups, prepared.core_max)
        bits, starts = start.bits, min(recipe.polish_starts, ROUND_STARTS_MAX)
        for number in range(1, recipe.rounds + 1):
            reduced = cutter.cut(bits)
            if reduced is None:
                break
            counts = self._joined(reduced, [self._sample_core(core) for core in reduced.cores], f"join:{number}")
            _add(work.counts, counts)
            reading = read_samples(question, counts)
            self._take(reading.best, "samples")
            if recipe.polish:
                polished, used = polish(question, reading.bits, starts)
                work.polish_starts += used
                self._take(polished, "polish")
            if recipe.placebo:
                noise = self._noise(reduced, f"placebo:{number}")
                _add(work.noise, noise)
                random_reading = read_samples(question, noise)
                work.placebo = question.better(random_reading.best, work.placebo)
                work.placebo, _ = polish(question, random_reading.bits, starts if recipe.polish else 0, work.placebo)
            if work.best is not None:
                bits = tuple(question.encoding.encode(work.best.answer))
            work.iterations += 1
            self.passed(f"round {number} of {recipe.rounds}", work.best)
        if not self.sampler.sampled:
            work.reasons.append("Roof duality decided every core: no circuit was needed.")

    def _sample_core(self, core: Core) -> dict[int, int]:
        self._choose_depth(core)
        ramp, circuit = drawn(core, self.layers)
        if self.prepared.method == "trained":
            ramp, used = training.train(
                core.ising,
                core.groups,
                ramp,
                self.sampler.sample,
                iterations=self.task.recipe.iterations,
                cvar=self.task.recipe.cvar,
                progress=lambda number: self.passed(f"iteration {number}"),
            )
            self.work.iterations += used
            circuit = qaoa_circuit(core.ising, ramp, core.groups)
        counts = self.sampler.sample(circuit, self._ready)
        self.work.final.append((ramp, self.sampler.sampled[-1]))
        return counts

    def _choose_depth(self, core: Core) -> None:
        """On a noisy target, the depth that the first core bears best, for all. Layers are alike, so that what the second one
        costs in success each further one does too: two circuits are transpiled.
        """
        provider, planned = self.sampler.provider, self.prepared.layers
        if self.depth is not None or not provider.capabilities().estimates:
            return
        one, two = (provider.preflight(self.sampler.request(drawn(core, layers)[1])) for layers in (1, 2))
        first = one.success or 0.0
        layer = (two.success or 0.0) / first if first else 0.0
        table = GROUP_GAIN if core.groups else GAIN
        affordable = self._affordable(one.seconds or 0.0, two.seconds or 0.0)
        self.depth = best_depth(min(planned, affordable), table, lambda layers: first * layer ** (layers - 1))
        if self.layers < planned:
            why = "the noise of the target takes more than depth gives"
            if self.layers == affordable:
                why = f"more would not fit the budget of {self.task.budget_s:g} s"
            self.work.reasons.append(f"{self.layers} layers instead of {planned}: {why}.")

    def _affordable(self, first: float, second: float) -> int:
        """The depth at which all circuits fit the budget, from the time of one and of two layers. Raises BudgetTooSmall."""
        task, prepared = self.task, self.prepared
        count = circuits_of(task, prepared)
        share_s = task.budget_s * task.limits.circuit_share / count
        if first > share_s:
            raise BudgetTooSmall(
                f"{count} noisy circuits of one layer take about {first * count:.3g} s; "
                f"{share_s * count:.3g} s of the budget are for them.",
            )
        return 1 + int((share_s - first) / max(second - first, 1e-9))

    def _ready(self, expected: Preflight) -> None:  # noqa: ARG002
        """The first circuit is transpiled and about to run."""
        if not self._begun:
            self._begun = True
            self.passed("transpiled")
            self.passed("running")

    def _eliminate(self, found: list[dict[int, int]]) -> None:
        strings: list[int] = []
        for core, counts in zip(self.prepared.reduced.cores, found, strict=True):
            string, used = rqaoa.solve(
                core.ising,
                counts,
                self.layers,
                self.sampler.sample,
                lambda number: self.passed(f"iteration {number}"),
            )
            strings.append(string)
            self.work.iterations += used
        bits = self.prepared.reduced.lift(strings)
        question = self.prepared.question
        self.work.eliminated = question.candidate(question.encoding.decode(bits))
        self.work.polished_bits.append(bits)

    def _take(self, found: Candidate | None, source: str) -> None:
        if self.prepared.question.better(found, self.work.best) is not self.work.best:
            self.work.best, self.work.source = found, source

    def _joined(self, reduced: Reduced, found: list[dict[int, int]], name: str) -> dict[Bits, int]:
        if not found:
            return {reduced.lift([]): 1}
        return joined(reduced, found, derived_seed(self.task.seed, name))

    def _noise(self, reduced: Reduced, name: str) -> dict[Bits, int]:
        seeds = (derived_seed(self.task.seed, f"{name}:{k}" if k else name) for k in range(len(reduced.cores)))
        shots = self.task.recipe.shots
        drawn_at_random = [random_counts(core, shots, seed) for core, seed in zip(reduced.cores, seeds, strict=False)]
        return self._joined(reduced, drawn_at_random, f"{name}:join")


def _add(total: dict[Bits, int], counts: Mapping[Bits, int]) -> None:
    for bits, count in counts.items():
        total[bits] = total.get(bits, 0) + count
