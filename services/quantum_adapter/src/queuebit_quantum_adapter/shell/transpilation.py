"""How a job wants its circuits fitted to a device: its parameters read, and whether its backend does that."""

from __future__ import annotations

from collections.abc import Mapping

from queuebit_contracts.jobs import ParamValue
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import InvalidParam, UnusableProblem
from queuebit_quantum_adapter.ports import AS_USUAL, Transpilation

LEVEL, LAYOUT = "level", "layout"
LEVEL_MAX, QUBIT_MAX = 3, 9999


def transpilation_of(params: Mapping[str, ParamValue]) -> Transpilation:
    """What the parameters of a job ask for. Raises InvalidParam, naming the parameter and what is allowed."""
    if LEVEL not in params and LAYOUT not in params:
        return AS_USUAL
    return Transpilation(_level(params.get(LEVEL)), _layout(params.get(LAYOUT)))


def check_transpilation(asked: Transpilation, backend: BackendSpec, *, measures: bool) -> None:
    """Raises UnusableProblem where the backend fits no circuits, or where the circuits are not the job's own."""
    if asked == AS_USUAL:
        return
    if not backend.transpiles:
        names = " and ".join(f"params.{name}" for name in _named(asked))
        raise UnusableProblem(
            f"{backend.name} runs circuits as they are, on any pair of qubits.",
            remedy=f"Leave {names} out, or name a device in params.target or params.backend.",
        )
    if asked.layout is not None and not measures:
        raise UnusableProblem(
            f"params.{LAYOUT} is for a circuit that is stated: those of an optimisation differ in size.",
            remedy=f"Leave params.{LAYOUT} out; params.{LEVEL} may stay.",
        )


def _named(asked: Transpilation) -> list[str]:
    return [name for name, value in ((LEVEL, asked.level), (LAYOUT, asked.layout)) if value is not None]


def _level(value: ParamValue | None) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= LEVEL_MAX:
        raise InvalidParam(
            f"params.{LEVEL} is {str(value)[:60]!r}.", remedy=f"Use a whole number from 0 to {LEVEL_MAX}."
        )
    return value


def _layout(value: ParamValue | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    words = [word.strip() for word in str(value).split(",")]
    qubits = tuple(int(word) for word in words if word.isdecimal() and len(word) <= len(str(QUBIT_MAX)))
    if isinstance(value, bool | float) or len(qubits) != len(words) or len(set(qubits)) != len(qubits):
        raise InvalidParam(
            f"params.{LAYOUT} is {str(value)[:60]!r}.",
            remedy="Name the device's qubit of each qubit of the circuit, each once, with commas, as 4,3,5.",
        )
    return qubits
