"""The service Leap through the layer of resources of D-Wave's client: one problem a POST, and no POST ever repeated.

Its higher layer sends from a queue of its own, several problems in one POST, and says nothing of one that failed. Imported in
worker processes only.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

from dwave.cloud.api import Problems, Solvers, models  # type: ignore[import-untyped]
from dwave.cloud.api.exceptions import RequestError, ResourceConflictError, ResourceNotFoundError  # type: ignore[import-untyped]
from dwave.cloud.config import load_config, validate_config_v1  # type: ignore[import-untyped]
from dwave.cloud.regions import resolve_endpoints  # type: ignore[import-untyped]
from pydantic import ValidationError
from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from queuebit_quantum_adapter.errors import (
    AdapterError,
    AnswerUnreadable,
    NotAuthorised,
    NotSent,
    ProviderUnavailable,
    RunFailed,
)
from queuebit_quantum_adapter.evidence.port import Exchange, Hear
from queuebit_quantum_adapter.providers.leap.offer import region_at, region_of
from queuebit_quantum_adapter.providers.leap.taxonomy import BY_STATUS, REFUSED, REMEDY

T = TypeVar("T")
CONNECT_S, READ_S = 3.0, 5.0
READS = {"total": 2, "connect": 1, "read": 1, "backoff_factor": 0.2, "backoff_max": 5}
"""What hangs is asked once more and no longer waited for: whoever needs it asks later, and all hear that nobody answers."""
LISTED_MAX = 1000
WAIT_S_MAX = 24 * 3600.0
REQUEST_TIMEOUT, SERVER_ERROR = 408, 500


class Client:
    """The problems of one account."""

    def __init__(self, deadline_s: float) -> None:
        """Raises NotAuthorised where there is no account, and ProviderUnavailable where nobody says where its region is."""
        self.hear: Hear | None = None
        """Told of every exchange about a problem."""
        try:
            config = _placed(validate_config_v1(load_config()))
            # What is sent is kept as it was sent, so that it is not compressed on its way.
            options = {
                "timeout": (CONNECT_S, deadline_s),
                "retry": READS,
                "cache": {"enabled": False},
                "compress_qpu_problem_data": False,
            }
            self._problems = Problems(Problems.client_class.from_config_model(config, **options))
            self._read_s = min(READ_S, deadline_s)
            reads = {**options, "timeout": (CONNECT_S, self._read_s)}
            self._solvers = Solvers(Solvers.client_class.from_config_model(config, **reads))
            for scheme in ("http://", "https://"):
                carrier = self._problems.client.session.get_adapter(scheme)
                carrier.send = self._listening(carrier.send)
        except (ValueError, OSError) as error:
            raise NotAuthorised(f"Leap cannot be opened: {str(error)[:200]}", remedy=REMEDY) from error

    def _listening(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """Carries a request as before; what goes over the wire is heard before anything is made of it."""

        def heard(request: Any, **more: Any) -> Any:
            name, body = f"{request.method} {request.path_url}", request.body
            asked = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
            if request.method != "POST":
                more["timeout"] = (CONNECT_S, self._read_s)
            try:
                response = send(request, **more)
                said = response.status_code, response.content
            except Exception:
                if self.hear is not None:
                    self.hear(Exchange(name, asked))
                raise
            if self.hear is not None:
                self.hear(Exchange(name, asked, *said))
            return response

        return heard

    def solvers(self) -> list[dict[str, Any]]:
        """Every solver of the account, as Leap describes it. Raises AdapterError."""
        found = _asked(self._solvers.list_solvers)
        return [each.model_dump() for each in found]

    def submit(self, problem: models.ProblemJob) -> str:
        """Leap's id of it. An AdapterError that is `unsent` says that it was not taken; of whatever else is raised nobody
        knows.
        """
        try:
            (answer,) = self._problems.submit_problems([problem])
        except Exception as error:
            said = _refusal(error)
            if said is None:
                raise
            raise said from error
        if isinstance(answer, models.ProblemSubmitError):
            refused = _refused(answer.error_code, answer.error_msg, None)
            raise refused or ProviderUnavailable(f"Leap says {answer.error_code}: {answer.error_msg[:200]}")
        return str(answer.id)

    def status(self, problem_id: str) -> dict[str, Any] | None:
        """How a problem stands; None where there is none. Raises ProviderUnavailable."""
        listed = _unless_missing(lambda: self._problems.get_problem_statuses([problem_id]))
        return listed[0].model_dump() if listed else None

    def messages(self, problem_id: str) -> str:
        """What Leap says of a problem that failed, as far as it answers."""
        try:
            return "; ".join(str(each.get("message", "")) for each in self._problems.get_problem_messages(problem_id))
        except Exception:
            return ""

    def answer(self, problem_id: str) -> dict[str, Any]:
        """Raises ProviderUnavailable, also where it is not there yet."""
        found: dict[str, Any] = _asked(lambda: self._problems.get_problem_answer(problem_id)).root.model_dump()
        return found

    def cancel(self, problem_id: str) -> None:
        """Raises ProviderUnavailable. What has ended, or is not there, is no error."""

        def cancelled() -> None:
            with suppress(ResourceConflictError):
                self._problems.cancel_problem(problem_id)

        _unless_missing(cancelled)

    def labelled(self, label: str) -> list[dict[str, Any]]:
        """All problems of a label, the oldest first. Raises AdapterError."""
        found = _asked(lambda: self._problems.list_problems(label=label, max_results=LISTED_MAX))
        if len(found) >= LISTED_MAX:
            raise RunFailed(f"There are {LISTED_MAX} problems of one label or more.")
        rows = [each.model_dump() for each in found if each.label == label]
        return sorted(rows, key=lambda row: row["submitted_on"])


def _placed(config: Any) -> Any:
    """The account with its addresses. D-Wave's client goes to North America where nobody tells it the address of a region; data
    goes to none but the region that the backend, or its file, states. Raises ProviderUnavailable.
    """
    led = bool(config.endpoint or config.leap_api_endpoint)
    stated = region_of(os.environ) or ("" if led else config.region)
    found = resolve_endpoints(config)
    actual = region_at(found.endpoint) or ("" if led else found.region)
    if stated and actual != stated:
        raise ProviderUnavailable(
            f"Leap cannot be opened: nobody says where {stated} is, and nothing is sent to {actual or found.endpoint}.",
            remedy="Set DWAVE_API_ENDPOINT to the address of that region, and leave DWAVE_LEAP_API_ENDPOINT out.",
        )
    return found


def label_of(key: UUID) -> str:
    """What a problem of a key is labelled: people see it in Leap's list."""
    return f"queuebit:{key}"


def _asked(question: Callable[[], T]) -> T:
    """Raises NotAuthorised where we are not let in, ProviderUnavailable where there is no answer or one in other words."""
    try:
        return question()
    except (RequestError, NotConnected, OSError, ValidationError, LookupError, TypeError, ValueError) as error:
        words = f"Leap does not answer: {type(error).__name__}: {str(error)[:200]}"
        if _status(error) in (401, 403):
            raise NotAuthorised(words, remedy=REMEDY) from error
        status = _status(error)
        answered = (
            not isinstance(error, RequestError | NotConnected | OSError) or (status or SERVER_ERROR) < SERVER_ERROR
        )
        raise (AnswerUnreadable if answered else ProviderUnavailable)(words) from error


def _unless_missing(question: Callable[[], T]) -> T | None:
    def asked() -> T | None:
        try:
            return question()
        except ResourceNotFoundError:
            return None

    return _asked(asked)


def _refusal(error: Exception) -> AdapterError | None:
    """What says for sure that nothing was taken; None where nobody knows."""
    if isinstance(error, ConnectTimeout) or _not_connected(error):
        return NotSent(f"It was not sent: {type(error).__name__}: {str(error)[:200]}")
    status = _status(error)
    return None if status is None else _refused(status, str(error), error)


def _refused(status: int, words: str, error: Exception | None) -> AdapterError | None:
    if not 400 <= status < 500 or status == REQUEST_TIMEOUT:
        return None
    kind, action = BY_STATUS.get(status, REFUSED)
    remedy = REMEDY if kind is NotAuthorised else ""
    wait_s = None if error is None else _retry_after_s(error)
    return kind(f"{status}: {words[:300]}", remedy=remedy, action=action, reason=str(status), retry_after_s=wait_s)


def _status(error: Exception) -> int | None:
    response = getattr(error, "response", None)
    return None if response is None else int(response.status_code)


def _retry_after_s(error: Exception) -> float | None:
    text = error.response.headers.get("Retry-After", "")  # type: ignore[attr-defined]
    return float(text) if text.isdecimal() and float(text) <= WAIT_S_MAX else None


def _not_connected(error: BaseException) -> bool:
    """Whether no connection was ever made: looked for among its causes, for the client wraps it."""
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return False
        reason = getattr(seen, "reason", None)
        if isinstance(seen, NewConnectionError | ConnectTimeoutError) or isinstance(
            reason, NewConnectionError | ConnectTimeoutError
        ):
            return True
        inner = seen.args[0] if seen.args and isinstance(seen.args[0], BaseException) else None
        seen = seen.__cause__ or inner or seen.__context__
    return False
