"""What travels between the service and its worker processes: plain values, without anything heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never
from uuid import UUID

from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Lane, Number, ParamValue, Problem
from queuebit_quantum_adapter.errors import InvalidParam
from queuebit_quantum_adapter.limits import Limits

ALGORITHMS = ("lr-qaoa",)
LAYERS_MAX = 50
SHOTS_MAX = 100_000
POLISH_STARTS_MAX = 100


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the job is to be run: the parameters of the job that the adapter understands.

    `layers`: depth of the circuit; `shots`: samples; `polish`: repair and local search after; `polish_starts`: how many of the
    best samples are polished; `placebo`: whether as many random samples go through the same steps beside it.
    """

    algorithm: str = "lr-qaoa"
    layers: int = 10
    shots: int = 1024
    polish: bool = True
    polish_starts: int = 10
    placebo: bool = False

    @classmethod
    def of(cls, params: Mapping[str, ParamValue]) -> Recipe:
        """The recipe of a job; parameters that are not ours are left to the kind. Raises InvalidParam, naming the parameter."""
        algorithm = params.get("algorithm", _DEFAULTS.algorithm)
        if algorithm not in ALGORITHMS:
            raise InvalidParam(
                f"params.algorithm is {str(algorithm)[:60]!r}.", remedy=f"Use one of: {', '.join(ALGORITHMS)}."
            )
        return cls(
            algorithm=str(algorithm),
            layers=_whole(params, "layers", _DEFAULTS.layers, LAYERS_MAX),
            shots=_whole(params, "shots", _DEFAULTS.shots, SHOTS_MAX),
            polish=_flag(params, "polish", _DEFAULTS.polish),
            polish_starts=_whole(params, "polish_starts", _DEFAULTS.polish_starts, POLISH_STARTS_MAX),
            placebo=_flag(params, "placebo", _DEFAULTS.placebo),
        )


_DEFAULTS = Recipe()


@dataclass(frozen=True, slots=True)
class BackendSpec:
    """A configured backend.

    `name` is what people know it by. `opener` is the dotted path of the function that opens its provider in a worker process,
    called with `options`; naming it imports nothing.
    """

    name: str
    version: str
    lane: Lane
    opener: str
    qubits_max: int
    options: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt, as a worker process gets it. `seed` is the job's: attempts repeat each other."""

    attempt_id: UUID
    problem: Problem
    seed: int
    budget_s: float
    recipe: Recipe
    limits: Limits
    backend: BackendSpec


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a worker process found, checked against the problem by the kind's own rules. `objective` is None where the kind has
    none.
    """

    answer: dict[str, Any]
    objective: Number | None
    method: str
    shots: int
    cpu_s: float
    evidence: dict[str, Any]
    provenance: dict[str, Any]
    bound: Number | None = None
    iterations: int = 1


@dataclass(frozen=True, slots=True)
class Failed:
    """Why there is no answer, and what to do about it."""

    code: FailureCode
    detail: str
    remedy: str
    retry_after_s: float | None = None


Ended = Outcome | Failed


@dataclass(frozen=True, slots=True)
class Stage:
    """A step that is done: encoded, transpiled, running, decoded, polished; with the best objective where there is one."""

    name: str
    objective: Number | None = None


def _whole(params: Mapping[str, ParamValue], name: str, default: int, most: int) -> int:
    value = params.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InvalidParam(f"params.{name} is {str(value)[:60]!r}.", remedy=f"Use a whole number from 1 to {most}.")
    return value


def _flag(params: Mapping[str, ParamValue], name: str, default: bool) -> bool:
    value = params.get(name, default)
    match value:
        case bool():
            return value
        case int() | float() | str():
            raise InvalidParam(f"params.{name} is {str(value)[:60]!r}.", remedy="Use true or false.")
        case _:
            assert_never(value)
