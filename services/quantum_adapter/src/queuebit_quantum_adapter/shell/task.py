"""What travels between the service and its worker processes: plain values, without anything heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, Literal, assert_never, cast, get_args
from uuid import UUID

from queuebit_contracts.failures import FailureAction, FailureCode
from queuebit_contracts.jobs import Artifacts, Cost, Number, ParamValue, Problem, Tier
from queuebit_contracts.regions import Regions
from queuebit_quantum_adapter.backends.limits import Limits
from queuebit_quantum_adapter.backends.spec import CORE_MAX, BackendSpec
from queuebit_quantum_adapter.errors import AdapterError, InvalidParam
from queuebit_quantum_adapter.ports import AS_USUAL, NO_MITIGATION, CostPart, Mitigation, Transpilation
from queuebit_store.attempts.port import Use

Method = Literal["auto", "lr", "rqaoa", "trained", "anneal"]
Mixer = Literal["auto", "x", "xy"]

PACKAGE = "queuebit-quantum-adapter"
"""What answered where no circuit was needed."""
FREE = Cost()
LAYERS = 10
LAYERS_LEAST = 4
GATES_MAX = ((12, 700), (16, 1800), (10**6, 2300))
"""The depth that is wished where none is said: so many layers, or as many as so many gates allow up to so many qubits, so
that a dense problem of 12, 16 or 20 qubits is answered within 50 ms, 0.3 s or 5 s too.
"""
LAYERS_MAX = 50
QUBITS_LESS, QUBITS_LEAST, SHOTS_LEAST = 4, 4, 128
"""By how much an attempt that was too large is made smaller, and where that ends."""
SHOTS_MAX = 100_000
POLISH_STARTS_MAX = 100
ITERATIONS_MAX = 500
ROUNDS_MAX = 20


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the job is to be run: the parameters of the job that the adapter understands.

    `method`: lr (one circuit without training), rqaoa (correlations of samples fix variable by variable, the quality tier),
    trained (the angles are searched, an experiment), anneal (no circuit: an annealer samples the spins), auto
    (rqaoa in the batch and scheduled tiers where it fits, else lr).
    `mixer`: x, xy (the circuit keeps one-hot and cardinality constraints), auto (xy where the encoding states such groups).
    `layers`: depth of the circuit at most; `shots`: samples a circuit; `iterations`: circuits that training may take;
    `cvar`: the best share of the samples that training looks at. `reduce`: fix by roof duality before. `core_qubits` and
    `rounds`: how problems that are too large are cut into cores, and how many (0: they are refused). `polish`: repair and
    local search after; `polish_starts`: how many of the best samples are polished; `placebo`: whether as many random
    samples go through the same steps beside it.
    """

    method: Method = "auto"
    mixer: Mixer = "auto"
    layers: int | None = None
    shots: int = 1024
    iterations: int = 60
    cvar: float = 1.0
    reduce: bool = True
    core_qubits: int = 16
    rounds: int = 3
    polish: bool = True
    polish_starts: int = 10
    placebo: bool = True

    @classmethod
    def of(cls, params: Mapping[str, ParamValue]) -> Recipe:
        """The recipe of a job. Parameters that are not ours are left to the kind and to other lanes, unless nearly ours.

        Raises InvalidParam, naming the parameter and what is allowed.
        """
        ours = [each.name for each in fields(cls)]
        for name in params:
            near = [] if name in ours else get_close_matches(name, ours, 1, 0.8)
            if near:
                raise InvalidParam(
                    f"params.{name} is not known.", remedy=f"Use params.{near[0]}; all: {', '.join(ours)}."
                )
        recipe = cls(
            method=cast(Method, _word(params, "method", _DEFAULTS.method, get_args(Method))),
            mixer=cast(Mixer, _word(params, "mixer", _DEFAULTS.mixer, get_args(Mixer))),
            layers=_whole(params, "layers", LAYERS, LAYERS_MAX) if "layers" in params else None,
            shots=_whole(params, "shots", _DEFAULTS.shots, SHOTS_MAX),
            iterations=_whole(params, "iterations", _DEFAULTS.iterations, ITERATIONS_MAX),
            cvar=_share(params, "cvar", _DEFAULTS.cvar),
            reduce=_flag(params, "reduce", _DEFAULTS.reduce),
            core_qubits=_whole(params, "core_qubits", _DEFAULTS.core_qubits, CORE_MAX),
            rounds=_whole(params, "rounds", _DEFAULTS.rounds, ROUNDS_MAX, least=0),
            polish=_flag(params, "polish", _DEFAULTS.polish),
            polish_starts=_whole(params, "polish_starts", _DEFAULTS.polish_starts, POLISH_STARTS_MAX),
            placebo=_flag(params, "placebo", _DEFAULTS.placebo),
        )
        if recipe.method == "rqaoa" and recipe.mixer == "xy":
            raise InvalidParam("params.method rqaoa does not go with params.mixer xy.", remedy="Use mixer x or auto.")
        return recipe


_DEFAULTS = Recipe()


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt, as a worker process gets it. `seed` is the job's: attempts repeat each other. `tier` says what fits.

    `recipe` is for problems that circuits solve: circuits that are measured have their own. `degraded`: how often it is to be
    made smaller than that, for an attempt failed for its size. `patient`: whether it waits for its backend however long.
    `mitigation`: what its backend is to do against errors; `transpilation`: how circuits are fitted to it. `kept`: whether what
    ran and what came of it are kept as artifacts. `regions`: where its data may go.
    """

    attempt_id: UUID
    problem: Problem
    seed: int
    budget_s: float
    recipe: Recipe
    limits: Limits
    backend: BackendSpec
    tier: Tier = "interactive"
    degraded: int = 0
    patient: bool = False
    mitigation: Mitigation = NO_MITIGATION
    kept: bool = False
    transpilation: Transpilation = AS_USUAL
    regions: Regions | None = None

    @property
    def smaller(self) -> Task:
        """What is left of it where it is made smaller: fewer qubits a circuit, fewer layers and samples, no training."""
        if not self.degraded:
            return self
        recipe, times = self.recipe, self.degraded
        least = replace(
            recipe,
            method="lr",
            layers=max(1, (recipe.layers or LAYERS) >> times),
            shots=max(min(recipe.shots, SHOTS_LEAST), recipe.shots >> times),
            core_qubits=max(min(recipe.core_qubits, QUBITS_LEAST), recipe.core_qubits - QUBITS_LESS * times),
        )
        limits = replace(
            self.limits,
            qubits_max={
                tier: max(QUBITS_LEAST, most - QUBITS_LESS * times) for tier, most in self.limits.qubits_max.items()
            },
        )
        return replace(self, recipe=least, limits=limits)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a worker process found, checked against the problem by the kind's own rules. `objective` is None where the kind has
    none. `without_circuit`: the task's backend ran nothing, for the worker itself decided everything. `used` and `costs`: what
    each submission used whose result is in it, and what it cost, where those are kept; `cost`: of all that nobody else tells.
    """

    answer: dict[str, Any]
    objective: Number | None
    method: str
    shots: int
    iterations: int
    evidence: dict[str, Any]
    provenance: dict[str, Any]
    bound: Number | None = None
    cpu_s: float = 0.0
    qpu_s: float = 0.0
    without_circuit: bool = False
    artifacts: Artifacts | None = None
    used: Mapping[UUID, Use] = field(default_factory=dict)
    costs: Mapping[UUID, tuple[CostPart, ...]] = field(default_factory=dict)
    cost: Cost = FREE


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is no answer, and what to do about it: `remedy` for people, `action` for the plan where the code alone does not
    say it. `reason` is the provider's own code. `silent_s`: for how long its backend was waited for, where that is why.
    """

    code: FailureCode
    detail: str
    remedy: str
    retry_after_s: float | None = None
    action: FailureAction | None = None
    reason: str | None = None
    artifacts: Artifacts | None = None
    silent_s: float | None = None

    @classmethod
    def of(cls, error: AdapterError) -> Failed:
        told = error.code, error.detail, error.remedy, error.retry_after_s, error.action, error.reason
        return cls(*told, silent_s=error.silent_s)


Ended = Outcome | Failed


@dataclass(frozen=True, slots=True)
class Step:
    """A task that is kept, as a worker process gets it: under which claim it is gone through, and what was found out before."""

    task: Task
    lineage: UUID
    epoch: int
    journal: bytes | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The attempt waits for the end of a submission; without one it is left to whoever claims it next, for that reason."""

    key: UUID | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """A step that is done: encoded, transpiled, running, decoded, polished, or "iteration 3" of a method that has several
    circuits; with the best objective where there is one.
    """

    name: str
    objective: Number | None = None


Report = Callable[[Stage], None]
"""Whoever hears of the steps that are done."""


def shares(total: int, count: int) -> list[int]:
    """A whole number in so many parts, as equal as they can be: they add up to it."""
    each, left = divmod(total, count)
    return [each + (place < left) for place in range(count)]


def _whole(params: Mapping[str, ParamValue], name: str, default: int, most: int, *, least: int = 1) -> int:
    value = params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidParam(
            f"params.{name} is {str(value)[:60]!r}.", remedy=f"Use a whole number from {least} to {most}."
        )
    return value


def _word(params: Mapping[str, ParamValue], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = params.get(name, default)
    if value not in allowed:
        raise InvalidParam(f"params.{name} is {str(value)[:60]!r}.", remedy=f"Use one of: {', '.join(allowed)}.")
    return str(value)


def _share(params: Mapping[str, ParamValue], name: str, default: float) -> float:
    value = params.get(name, default)
    if isinstance(value, bool | str) or not 0 < value <= 1:
        raise InvalidParam(f"params.{name} is {str(value)[:60]!r}.", remedy="Use a number above 0 and up to 1.")
    return float(value)


def _flag(params: Mapping[str, ParamValue], name: str, default: bool) -> bool:
    value = params.get(name, default)
    match value:
        case bool():
            return value
        case int() | float() | str():
            raise InvalidParam(f"params.{name} is {str(value)[:60]!r}.", remedy="Use true or false.")
        case _:
            assert_never(value)
