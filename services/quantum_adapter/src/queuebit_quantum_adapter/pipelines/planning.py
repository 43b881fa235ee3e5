"""From a task to what will be run: the problem encoded and reduced, the mixer, the method and the depth. No SDK is touched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite

from queuebit_circuits.circuit import Bound
from queuebit_problems.errors import ProblemError
from queuebit_problems.errors import TooManyQubits as TooManyVariables
from queuebit_problems.optimisation import Group
from queuebit_problems.registry import parse_optimisation
from queuebit_quantum_adapter.algorithms import rqaoa
from queuebit_quantum_adapter.algorithms import trained as training
from queuebit_quantum_adapter.algorithms.qaoa import Ramp, linear_ramp, qaoa_circuit, terms_of
from queuebit_quantum_adapter.algorithms.reduction import Core, Reduced, disjoint, form_of, reduce
from queuebit_quantum_adapter.algorithms.roof_duality import Form
from queuebit_quantum_adapter.backends.limits import affordable_layers, check_memory, estimated_s
from queuebit_quantum_adapter.errors import BudgetTooSmall, InvalidProblem, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.pipelines.samples import Question
from queuebit_quantum_adapter.shell.task import GATES_MAX, LAYERS, LAYERS_LEAST, Method, Task


@dataclass(frozen=True, slots=True)
class Prepared:
    """A problem ready to be sampled. `reasons` says what was changed against the wish, and why.

    `wished` and `layers`: the depth that was asked for, and the one that the budget allows. `core_max`: the qubits that a
    circuit may have. Where `reduced` has a larger core, it is cut into cores that fit.
    """

    question: Question
    form: Form
    groups: tuple[Group, ...]
    reduced: Reduced
    method: Method
    wished: int
    layers: int
    core_max: int
    reasons: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        return self.reduced.qubits <= self.core_max

    @property
    def mixer(self) -> str:
        return "xy" if self.groups else "x"


def prepare(task: Task) -> Prepared:
    """Encode, reduce and choose. Raises AdapterError."""
    try:
        kind, statement = parse_optimisation(task.problem)
        encoding = kind.encoding(statement)
    except TooManyVariables as error:
        raise TooManyQubits(error.detail, remedy=error.remedy) from error
    except ProblemError as error:
        raise InvalidProblem(str(error), remedy=error.remedy) from error
    recipe, form = task.recipe, form_of(encoding.qubo)
    qubits_max = min(task.limits.qubits_max[task.tier], task.backend.qubits_max)
    x_only = recipe.mixer == "x" or recipe.method == "rqaoa"
    groups = () if x_only else disjoint(encoding.groups)
    reduced = reduce(encoding, groups=groups, prefilter=recipe.reduce, form=form)
    reasons = list(reduced.reasons)
    if task.degraded:
        reasons.append(
            f"The circuits were made smaller, {task.degraded} times, for an attempt before failed for their size."
        )
    if recipe.mixer == "xy" and not groups:
        reasons.append("The mixer is x: the encoding states no groups that it could keep.")
    core_max = qubits_max
    if reduced.qubits > qubits_max:
        core_max = min(recipe.core_qubits, qubits_max, task.backend.core_qubits_max)
        reasons.append(
            f"{reduced.qubits} qubits do not fit: the circuits sample cores of up to {core_max} around the best answer known."
        )
    check_memory(task.limits, min(core_max, reduced.qubits))
    prepared = Prepared(Question(kind, statement, encoding), form, groups, reduced, "lr", 0, 0, core_max)
    wished = recipe.layers or min((_default_depth(*size) for size in _sizes(task, prepared)), default=LAYERS)
    prepared = replace(prepared, wished=wished)
    layers = _layers(task, prepared, reasons)
    method, why = _method(task, prepared, layers)
    if method == "trained":
        layers = min(layers, training.LAYERS_MAX)
    return replace(prepared, method=method, layers=layers, reasons=(*reasons, *why))


def drawn(core: Core, layers: int) -> tuple[Ramp, Bound]:
    """The circuit of a core. Raises UnusableProblem where its coefficients make no angles."""
    try:
        ramp = linear_ramp(core.ising, layers, core.groups)
        circuit = qaoa_circuit(core.ising, ramp, core.groups)
    except OverflowError as error:
        raise UnusableProblem("A coefficient is too large for an angle.") from error
    if not all(isfinite(angle) for angle in circuit.angles):
        raise UnusableProblem("The coefficients are too small for an angle.")
    return ramp, circuit


def circuits_of(task: Task, prepared: Prepared) -> int:
    """How many circuits an attempt runs, at most."""
    if not prepared.fits:
        return task.recipe.rounds
    cores = prepared.reduced.cores
    match prepared.method:
        case "trained":
            return len(cores) * (task.recipe.iterations + 1)
        case "rqaoa":
            return sum(1 + rqaoa.circuits_of(core.ising.n) for core in cores)
        case _:
            return len(cores)


def _sizes(task: Task, prepared: Prepared) -> list[tuple[int, int]]:
    """Qubits and terms of each circuit, at most."""
    if prepared.fits:
        return [(core.ising.n, terms_of(core.ising, core.groups)) for core in prepared.reduced.cores]
    n = prepared.core_max
    return [(n, n * (n + 3) // 2)] * task.recipe.rounds


def _default_depth(qubits: int, terms: int) -> int:
    """The depth that is wished for a core where none is said."""
    gates_max = next(gates for most, gates in GATES_MAX if qubits <= most)
    return max(LAYERS_LEAST, min(LAYERS, gates_max // (qubits + terms)))


def _layers(task: Task, prepared: Prepared, reasons: list[str]) -> int:
    """The depth up to the wish at which all circuits fit the budget. Raises BudgetTooSmall."""
    wished, sizes = prepared.wished, _sizes(task, prepared)
    if not sizes:
        return wished
    qubits, terms = max(sizes)
    layers = affordable_layers(task.limits, task.budget_s / len(sizes), qubits, wished, terms)
    if layers < wished:
        reasons.append(f"{layers} layers instead of {wished}: more would not fit the budget of {task.budget_s:g} s.")
    return layers


def _method(task: Task, prepared: Prepared, layers: int) -> tuple[Method, list[str]]:
    """What the wish comes to."""
    wish = task.recipe.method
    if wish == "lr":
        return "lr", []
    if wish == "trained":
        if not prepared.fits:
            return "lr", ["Angles are not trained for cores."]
        cost_s = _seconds(task, prepared, min(layers, training.LAYERS_MAX), task.recipe.iterations)
        if cost_s > task.budget_s * task.limits.circuit_share:
            raise BudgetTooSmall(f"{task.recipe.iterations} circuits of training take about {cost_s:.3g} s.")
        return "trained", []
    if not prepared.fits or prepared.groups or not prepared.reduced.cores:
        why = ["Recursive elimination does not go with cores."] if wish == "rqaoa" and not prepared.fits else []
        return "lr", why
    circuits = max(rqaoa.circuits_of(core.ising.n) for core in prepared.reduced.cores)
    cost_s = _seconds(task, prepared, layers, 1) + _seconds(task, prepared, min(layers, rqaoa.LAYERS_MAX), circuits)
    fits = cost_s <= task.budget_s * task.limits.circuit_share
    if wish == "auto":
        return ("rqaoa", []) if fits and task.tier != "interactive" else ("lr", [])
    if not fits:
        raise BudgetTooSmall(f"Recursive elimination takes about {cost_s:.3g} s.")
    return "rqaoa", []


def _seconds(task: Task, prepared: Prepared, layers: int, circuits: int) -> float:
    """An upper guess of so many circuits of each core, in seconds."""
    return circuits * sum(
        estimated_s(task.limits, core.ising.n, layers, terms_of(core.ising, core.groups))
        for core in prepared.reduced.cores
    )
