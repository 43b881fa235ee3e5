"""Errors of the quantum adapter: each knows its failure code, and with it whether a retry makes sense, and the remedy."""

from __future__ import annotations

from queuebit_contracts.failures import FAILURES, FailureAction, FailureCode


class Stopped(SystemExit):
    """Nobody wants the attempt any more: its process ends, and leaves nothing behind at a provider."""


class AdapterError(Exception):
    """The adapter failed in a way it does not know."""

    code = FailureCode.INTERNAL
    unsent = False
    """Whether it says for sure that a submission was not taken."""
    action: FailureAction | None = None
    """What the plan is to do, where that is not what the table of failures says of the code."""
    reason: str | None = None
    """The provider's own code, where it gave one."""
    silent_s: float | None = None
    """For how long nobody answered, where that was waited for."""

    def __init__(
        self,
        detail: str = "",
        *,
        remedy: str = "",
        retry_after_s: float | None = None,
        action: FailureAction | None = None,
        reason: str | None = None,
    ) -> None:
        super().__init__(detail or self.__class__.__doc__ or "")
        self.detail = str(self)
        self.remedy = remedy or FAILURES[self.code].remedy
        self.retry_after_s = retry_after_s
        self.action = action or type(self).action
        self.reason = reason

    @property
    def transient(self) -> bool:
        """Whether the same may do better after a while."""
        return (self.action or FAILURES[self.code].action) == "retry"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.detail, self.remedy, self.retry_after_s, self.action, self.reason))


class CredentialsMissing(AdapterError):
    """Credentials of providers cannot be had now."""


class VaultAway(CredentialsMissing):
    """Vault does not answer, or not as Vault does."""


class VaultRefused(CredentialsMissing):
    """Vault does not let us in, or not read."""


def _rebuild(
    cls: type[AdapterError],
    detail: str,
    remedy: str,
    retry_after_s: float | None,
    action: FailureAction | None,
    reason: str | None,
) -> AdapterError:
    return cls(detail, remedy=remedy, retry_after_s=retry_after_s, action=action, reason=reason)


class NoBackend(AdapterError):
    """No backend is configured for this lane."""

    code = FailureCode.NO_BACKEND
    unsent = True


class RegionNotAllowed(AdapterError):
    """No backend states a region to which the data of the job may go."""

    code = FailureCode.NO_BACKEND
    unsent = True


class UnknownTarget(AdapterError):
    """There is no target of this name."""

    code = FailureCode.NO_BACKEND
    unsent = True


class TooManyQubits(AdapterError):
    """The problem needs more qubits than this lane takes."""

    code = FailureCode.PROBLEM_TOO_LARGE
    unsent = True


class TooManyOperations(AdapterError):
    """The circuits are longer than this lane takes."""

    code = FailureCode.PROBLEM_TOO_LARGE
    unsent = True


class TooMuchMemory(AdapterError):
    """The simulation needs more memory than it may have."""

    code = FailureCode.MEMORY_EXHAUSTED
    unsent = True
    action = "degrade"


class BudgetTooSmall(AdapterError):
    """Not even the shallowest circuit fits the budget."""

    code = FailureCode.BUDGET_EXHAUSTED


class InvalidParam(AdapterError):
    """A parameter of the job is not valid."""

    code = FailureCode.PROBLEM_INVALID


class UnusableProblem(AdapterError):
    """The problem cannot be turned into a circuit."""

    code = FailureCode.PROBLEM_UNSUPPORTED
    unsent = True


class InvalidProblem(AdapterError):
    """The problem statement is not valid."""

    code = FailureCode.PROBLEM_INVALID


class NoFeasibleSample(AdapterError):
    """No sample was feasible, and none could be repaired."""

    code = FailureCode.NO_ANSWER_FOUND


class ProviderUnavailable(AdapterError):
    """The provider does not answer."""

    code = FailureCode.BACKEND_UNAVAILABLE


class AnswerUnreadable(ProviderUnavailable):
    """The provider answers, in words that are not understood."""


class RunFailed(AdapterError):
    """The provider ran the circuit and failed."""

    code = FailureCode.INTERNAL


class SubmissionEnded(AdapterError):
    """The provider ended the submission, and gave no result."""

    def __init__(
        self,
        detail: str,
        code: FailureCode,
        *,
        remedy: str = "",
        action: FailureAction | None = None,
        reason: str | None = None,
    ) -> None:
        self.code = code
        super().__init__(detail, remedy=remedy, action=action, reason=reason)

    def __reduce__(self) -> tuple[object, ...]:
        return (_ended, (self.detail, self.code, self.remedy, self.action, self.reason))


def _ended(
    detail: str, code: FailureCode, remedy: str, action: FailureAction | None, reason: str | None
) -> SubmissionEnded:
    return SubmissionEnded(detail, code, remedy=remedy, action=action, reason=reason)


class NotEquivalent(AdapterError):
    """A circuit came out of a conversion as another circuit. Nothing was run."""

    code = FailureCode.CONVERSION_FAILED
    unsent = True


class KeyReused(AdapterError):
    """The idempotency key was used for another request before."""

    unsent = True


class SubmitRefused(AdapterError):
    """The provider refuses the submission as it is."""

    code = FailureCode.PROBLEM_UNSUPPORTED
    unsent = True


class LimitUsedUp(AdapterError):
    """The account has used up what it may use of the provider."""

    code = FailureCode.BACKEND_OVERLOADED
    unsent = True
    action = "reroute"


class RequestTooLarge(AdapterError):
    """The provider takes no request of this size."""

    code = FailureCode.PROBLEM_TOO_LARGE
    unsent = True
    action = "degrade"


class NotAuthorised(AdapterError):
    """The provider does not know us, or does not let us in."""

    code = FailureCode.NO_BACKEND
    unsent = True


class NotSent(AdapterError):
    """Nothing left for the provider, or nothing that it could take; it can be sent again."""

    code = FailureCode.BACKEND_UNAVAILABLE
    unsent = True


class RateLimited(AdapterError):
    """The provider takes nothing more for now."""

    code = FailureCode.BACKEND_OVERLOADED
    unsent = True
