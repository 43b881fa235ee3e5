"""What can go wrong for a caller, as exceptions; `code` is the server's, and `remedy` says what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WrongField:
    """One thing wrong with one field: a JSON pointer, a code and a sentence."""

    pointer: str
    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.pointer or '(the whole)'}: {self.detail}"


class QueuebitError(Exception):
    """Queuebit did not do it."""

    code = "queuebit_error"
    transient = False
    remedy = ""

    def __init__(
        self,
        detail: str = "",
        *,
        code: str = "",
        remedy: str = "",
        fields: Sequence[WrongField] = (),
        status: int | None = None,
        request_id: str = "",
        job_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip()
        super().__init__(self.detail)
        self.code = code or type(self).code
        self.remedy = remedy or type(self).remedy
        self.fields = tuple(fields)
        self.status = status
        self.request_id = request_id
        self.job_id = job_id
        self.retry_after_s = retry_after_s


class Unreachable(QueuebitError):
    """The server does not answer."""

    code = "unreachable"
    transient = True
    remedy = "Check the URL (`queuebit config`) and that the gateway runs (`queuebit status`)."


class Unavailable(QueuebitError):
    """The server answers, but cannot do it now."""

    code = "service_unavailable"
    transient = True


class RateLimited(Unavailable):
    """Too many requests."""

    code = "rate_limited"


class ServerFailed(Unavailable):
    """Something failed inside the server."""

    code = "internal"


class InvalidRequest(QueuebitError):
    """The request is not valid: `fields` names what is wrong."""

    code = "invalid_request"


class Unauthenticated(QueuebitError):
    """The API key is missing, wrong, expired or revoked."""

    code = "key_missing"


class Forbidden(QueuebitError):
    """The API key's role or tenant does not allow this."""

    code = "role_forbids"


class NotFound(QueuebitError):
    """There is no such job, kind, backend, webhook or path."""

    code = "not_found"


class Conflict(QueuebitError):
    """The job has moved on, or the idempotency key stands for another request."""

    code = "conflict"


class KeyReused(Conflict):
    """The idempotency key stands for another request; `job_id` names its job."""

    code = "idempotency_key_reused"


class HistoryUnreadable(QueuebitError):
    """What the server stores of this job makes no sense: it cannot be shown until an operator has looked."""

    code = "history_unreadable"


class ArtifactDamaged(QueuebitError):
    """What the server keeps under a hash has another one: it must be restored from a backup."""

    code = "artifact_damaged"


class WaitTimeout(QueuebitError):
    """The job has not ended in the time allowed; it goes on."""

    code = "wait_timeout"
    remedy = "Wait longer, or look again later: `queuebit show JOB`."


class BadAnswer(QueuebitError):
    """The server's answer is not one of Queuebit."""

    code = "bad_answer"
    remedy = "Check that the URL is that of a Queuebit gateway."


class BadConfig(QueuebitError):
    """The configuration is not usable."""

    code = "bad_config"


ERRORS: dict[str, type[QueuebitError]] = {
    "malformed_request": InvalidRequest,
    "malformed_json": InvalidRequest,
    "idempotency_key_required": InvalidRequest,
    "idempotency_key_invalid": InvalidRequest,
    "cursor_invalid": InvalidRequest,
    "cursor_mismatch": InvalidRequest,
    "key_missing": Unauthenticated,
    "key_malformed": Unauthenticated,
    "key_unknown": Unauthenticated,
    "key_expired": Unauthenticated,
    "key_revoked": Unauthenticated,
    "token_invalid": Unauthenticated,
    "role_forbids": Forbidden,
    "scope_forbids": Forbidden,
    "address_forbids": Forbidden,
    "duty_forbids": Forbidden,
    "requester_forbids": Forbidden,
    "tenant_forbidden": Forbidden,
    "environment_forbidden": Forbidden,
    "key_exceeds_yours": Forbidden,
    "not_found": NotFound,
    "job_not_found": NotFound,
    "kind_not_found": NotFound,
    "backend_not_found": NotFound,
    "webhook_not_found": NotFound,
    "path_not_found": NotFound,
    "budget_not_found": NotFound,
    "approval_not_found": NotFound,
    "policy_not_found": NotFound,
    "key_not_found": NotFound,
    "artifact_not_found": NotFound,
    "operation_not_found": NotFound,
    "method_not_allowed": InvalidRequest,
    "request_timeout": Unavailable,
    "approval_changed": Conflict,
    "quote_unavailable": Conflict,
    "quote_void": Conflict,
    "quote_expired": Conflict,
    "job_not_completed": Conflict,
    "outcomes_full": Conflict,
    "job_not_repeatable": Conflict,
    "job_ended": Conflict,
    "job_not_started": Unavailable,
    "key_made_before": Conflict,
    "too_many_keys": Conflict,
    "too_many_webhooks": Conflict,
    "operation_conflict": Conflict,
    "operation_not_here": Conflict,
    "version_mismatch": Conflict,
    "body_too_large": InvalidRequest,
    "uri_too_long": InvalidRequest,
    "unsupported_media_type": InvalidRequest,
    "invalid_request": InvalidRequest,
    "nested_too_deep": InvalidRequest,
    "number_not_finite": InvalidRequest,
    "unknown_kind": InvalidRequest,
    "invalid_statement": InvalidRequest,
    "statement_too_costly": InvalidRequest,
    "deadline_past": InvalidRequest,
    "too_many_targets": InvalidRequest,
    "subject_unprotected": InvalidRequest,
    "idempotency_key_reused": KeyReused,
    "quote_invalid": InvalidRequest,
    "target_refused": InvalidRequest,
    "rate_limited": RateLimited,
    "would_wait": Conflict,
    "headers_too_large": InvalidRequest,
    "history_unreadable": HistoryUnreadable,
    "artifact_damaged": ArtifactDamaged,
    "internal": ServerFailed,
    "service_unavailable": Unavailable,
    "figures_unavailable": Unavailable,
    "overloaded": Unavailable,
    "shutting_down": Unavailable,
}
"""The exception of each code of the server."""


def error_of(status: int, problem: Mapping[str, Any] | None, retry_after_s: float | None) -> QueuebitError:
    """The exception for an answer of status 400 or more; `problem` is its problem document, if it is one."""
    if problem is None or not isinstance(problem.get("code"), str):
        kind: type[QueuebitError] = Unavailable if status >= 500 or status == 429 else BadAnswer
        return kind(
            f"The server answered {status} without a problem document.", status=status, retry_after_s=retry_after_s
        )
    kind = ERRORS.get(problem["code"], Unavailable if problem.get("retry") == "same_request" else InvalidRequest)
    items = problem.get("errors") or ()
    return kind(
        str(problem.get("detail", "")),
        code=problem["code"],
        remedy=str(problem.get("remedy", "")),
        fields=[WrongField(str(e.get("pointer", "")), str(e.get("code", "")), str(e.get("detail", ""))) for e in items],
        status=status,
        request_id=str(problem.get("request_id", "")),
        job_id=problem.get("job_id"),
        retry_after_s=retry_after_s,
    )
