"""The solver port over simulated annealing of the kind's QUBO: many short reads first, then longer ones; it proves nothing.

dwave-samplers and numpy are imported at the first solve. In a repeatable solve the sweeps are counted and time is the backstop.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from queuebit_classical_solver.declaration import Search, Turn
from queuebit_classical_solver.errors import NothingFound, Stopped
from queuebit_classical_solver.ports import Limits, OnProgress, Progress, Solution, Stop
from queuebit_problems.kind import Answer, S
from queuebit_problems.optimisation import Optimisation

if TYPE_CHECKING:
    import dimod

    from queuebit_problems.encoding.qubo import Qubo

METHOD = "simulated annealing"
SEED_MAX = 2**31 - 1
READS = 8
"""Reads of one round."""
SWEEPS_FIRST = 250
READ_S_MAX = 0.5
"""The first round's sweeps double from round to round, until a read takes so long: between reads it can be stopped."""
PATIENCE_ROUNDS = 7
"""The search ends after this many rounds without a better answer: a read is then up to 128 times as long as the first."""
VARIABLE_SWEEP_S = 40e-9
TERM_SWEEP_S = 1e-9
TERM_FAR_SWEEP_S = 15e-9
TERMS_NEAR_MAX = 100_000
"""What one sweep is taken to cost for each variable and each coefficient, more where those are too many for a processor's
cache. An idle machine needs about half of it, or a little less than all of it for a million coefficients."""

BETA_HOT, BETA_COLD = 0.1, 20.0
"""Inverse temperatures of every other round, over the coupling of a typical variable with all others."""

CutOffBy = Literal["work", "time", "stop", "patience"]


class AnnealingSolver:
    """Anneals the QUBO of a kind whose every bit string is an answer, or is improved to one."""

    def solve(
        self,
        kind: Optimisation[S],
        statement: S,
        *,
        limits: Limits,
        hint: Answer | None,
        on_progress: OnProgress,
        stop: Stop,
    ) -> Solution:
        """See the port. What is read out is polished by the kind's local search; the hint stands where nothing is better."""
        from dwave.samplers import SimulatedAnnealingSampler

        ends_s = time.perf_counter() + limits.left_s
        encoding = kind.encoding(statement)
        model = _model(encoding.qubo)
        narrow = _beta_range(model)
        sampler: Any = SimulatedAnnealingSampler()  # type: ignore[no-untyped-call]
        pace = _Pace(limits, encoding.qubo)
        best, objective = hint, None if hint is None else kind.objective(statement, hint)
        cut_off_by: CutOffBy | None = None
        while cut_off_by is None:
            found = sampler.sample(
                model,
                num_reads=READS,
                num_sweeps=pace.sweeps,
                beta_range=narrow if pace.rounds % 2 else None,
                seed=(limits.seed + pace.rounds) % SEED_MAX,
                interrupt_function=lambda: stop() or time.perf_counter() >= ends_s,
            )
            bits = found.record.sample[found.record.energy.argmin()]
            by_place = dict(zip(found.variables, bits.tolist(), strict=True))
            answer = kind.improve(statement, encoding.decode([by_place[i] for i in range(encoding.qubo.n)]))
            better = False
            if not kind.violations(statement, answer):
                value = kind.objective(statement, answer)
                better = objective is None or kind.better(value, objective)
                if better:
                    best, objective = answer, value
                    on_progress(Progress(value, None, answer, METHOD))
            pace.ran(len(found.record), better=better)
            cut_off_by = "stop" if stop() else "time" if time.perf_counter() >= ends_s else pace.over()
        if best is None or objective is None:
            raise Stopped if cut_off_by == "stop" else NothingFound("Annealing found no feasible answer.")
        bound = kind.trivial_bound(statement)
        return Solution(
            answer=best,
            objective=objective,
            bound=bound,
            proven_optimal=objective == bound,
            method=METHOD,
            iterations=pace.swept,
            worked=pace.worked,
            details={"status": "FEASIBLE", "cut_off_by": cut_off_by},
        )


class _Pace:
    """How long the reads are, and how much counted work is left for them."""

    def __init__(self, limits: Limits, qubo: Qubo) -> None:
        terms = len(qubo.quadratic)
        term_s = TERM_SWEEP_S if terms <= TERMS_NEAR_MAX else TERM_FAR_SWEEP_S
        cost_s = max(1, qubo.n) * VARIABLE_SWEEP_S + terms * term_s
        self.sweeps_max = max(READS, int(limits.work_s / cost_s))
        self._read_sweeps_max = max(1, int(READ_S_MAX / cost_s))
        self.counted = limits.repeatable
        self.swept = self.rounds = self._stale = 0
        self.sweeps = self._next()

    @property
    def worked(self) -> float:
        return min(1.0, self.swept / self.sweeps_max) if self.counted else 1.0

    def ran(self, reads: int, *, better: bool) -> None:
        """Count a round."""
        self.swept += reads * self.sweeps
        self.rounds += 1
        self._stale = 0 if better else self._stale + 1
        self.sweeps = self._next()

    def over(self) -> CutOffBy | None:
        """Why there is no further round; None where there is one."""
        if self.counted and self.swept >= self.sweeps_max:
            return "work"
        return "patience" if self._stale >= PATIENCE_ROUNDS else None

    def _next(self) -> int:
        wanted = min(self._read_sweeps_max, SWEEPS_FIRST << min(self.rounds, 16))
        left = (self.sweeps_max - self.swept) // READS if self.counted else wanted
        return max(1, min(wanted, left))


def _beta_range(model: dimod.BinaryQuadraticModel) -> tuple[float, float] | None:
    """From hot to cold by the couplings of a typical variable; the sampler's own range goes by the least and the most of all,
    and where couplings differ by orders of magnitude it spends most sweeps on the least. None where nothing is coupled.
    """
    import numpy as np

    vectors: Any = model.to_numpy_vectors()
    rows, columns, values = vectors[1]
    squares = np.zeros(model.num_variables)
    np.add.at(squares, rows, values**2 / 16)
    np.add.at(squares, columns, values**2 / 16)
    typical = float(np.sqrt(squares.mean()))
    return (BETA_HOT / typical, BETA_COLD / typical) if typical > 0 else None


def _model(qubo: Qubo) -> dimod.BinaryQuadraticModel:
    """The QUBO in floats: what it finds is weighed again in exact arithmetic."""
    import dimod
    import numpy as np

    linear = np.zeros(qubo.n)
    for i, value in qubo.linear.items():
        linear[i] = float(value)
    pairs = np.array(list(qubo.quadratic), dtype=np.int64).reshape(-1, 2)
    values = np.array([float(value) for value in qubo.quadratic.values()])
    return dimod.BinaryQuadraticModel.from_numpy_vectors(
        linear, (pairs[:, 0], pairs[:, 1], values), float(qubo.offset), dimod.BINARY
    )


QUADRATIC = frozenset({"maxcut", "qubo"})
SEARCH = Search(
    METHOD,
    "dwave-samplers",
    (
        Turn(AnnealingSolver(), 0.2, 1, QUADRATIC, variables_max=400),
        Turn(AnnealingSolver(), 0.8, 1, QUADRATIC, variables_min=401),
    ),
)
"""It finds in a second the best known cuts of graphs of 800 nodes, which neither tabu search nor CP-SAT found in five."""
