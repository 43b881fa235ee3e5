"""Errors of circuits: permanent, and each names the place and the remedy."""

from __future__ import annotations

from queuebit_contracts.errors import ProblemError


class CircuitError(ProblemError):
    """Something is wrong with a circuit as stated."""

    code = "circuit_error"


class UnfitCircuit(CircuitError):
    """The circuit cannot be run in the way that was asked: too large, or of the wrong form."""

    code = "unfit_circuit"


class UnreadableCircuit(CircuitError):
    """The text is no circuit that can be read. `line` counts from 1; None where no line is to blame."""

    code = "unreadable_file"

    def __init__(self, detail: str, *, remedy: str, line: int | None = None) -> None:
        super().__init__(detail, remedy=remedy)
        self.line = line
