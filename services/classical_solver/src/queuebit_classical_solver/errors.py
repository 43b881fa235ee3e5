"""Errors of the classical solver. Each names the failure code that the attempt ends with."""

from __future__ import annotations

from typing import ClassVar

from queuebit_contracts.failures import FAILURES, FailureCode

DETAIL_MAX = 500


class SolverError(Exception):
    """The solver gave no answer."""

    code: ClassVar[FailureCode] = FailureCode.INTERNAL

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or self.__doc__)

    @property
    def transient(self) -> bool:
        """Whether the same attempt may be tried again."""
        return FAILURES[self.code].transient


class ProvedInfeasible(SolverError):
    """It is proved that no answer satisfies the constraints."""

    code = FailureCode.PROBLEM_INFEASIBLE


class NothingFound(SolverError):
    """No feasible answer was found in the budget."""

    code = FailureCode.NO_ANSWER_FOUND


class NoDefaultAnswer(SolverError):
    """The kind has no default answer for this problem."""

    code = FailureCode.NO_ANSWER_FOUND


class DoesNotFit(SolverError):
    """The earlier answer does not fit this statement."""

    code = FailureCode.NO_ANSWER_FOUND


class TooLargeForReference(SolverError):
    """The circuits are too large to be computed exactly."""

    code = FailureCode.PROBLEM_TOO_LARGE


class Stopped(SolverError):
    """The attempt was stopped on request."""

    code = FailureCode.CANCELLED


class SearchFailed(SolverError):
    """A search failed inside."""

    code = FailureCode.INTERNAL

    @classmethod
    def of(cls, method: str, error: Exception) -> SearchFailed:
        """What a search raised that is none of our errors, with its words."""
        return cls(f"{method} failed inside: {type(error).__name__}: {error}"[:DETAIL_MAX])


class InvalidModel(SolverError):
    """The kind filled a model that CP-SAT refuses."""

    code = FailureCode.INTERNAL
