"""The client of IBM Quantum as we need it: no POST is ever repeated, every request has a deadline, and what was answered to a
submission is known even where the client keeps it to itself. Imported in worker processes only.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from ibm_cloud_sdk_core import ApiException  # type: ignore[import-untyped]
from qiskit_ibm_runtime import QiskitRuntimeService  # type: ignore[import-untyped]
from qiskit_ibm_runtime.api.exceptions import RequestsApiError  # type: ignore[import-untyped]
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import Timeout
from urllib3 import BaseHTTPResponse
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import MaxRetryError
from urllib3.exceptions import TimeoutError as TimedOut
from urllib3.util.retry import Retry

from queuebit_contracts.failures import FailureAction
from queuebit_quantum_adapter.errors import (
    AdapterError,
    LimitUsedUp,
    NoBackend,
    NotAuthorised,
    NotSent,
    ProviderUnavailable,
    RateLimited,
    RequestTooLarge,
    SubmitRefused,
)
from queuebit_quantum_adapter.evidence.port import Exchange, Hear
from queuebit_quantum_adapter.providers.ibm.taxonomy import BY_STATUS, REFUSED

CONNECT_S, READ_S = 3.0, 5.0
"""How long a connection may take, and the answer to a question: what is only asked is asked again later by whoever needs it."""
WAIT_S_MAX = 24 * 3600.0
"""A Retry-After beyond this, or none that is a number of seconds, is not heard."""
RETRIED = (429, 500, 502, 503, 504, 520, 521, 522, 524)
_OF_SUBMISSIONS = re.compile(r"/(jobs|sessions)(/|$)")
SESSION_CLOSED = 1217
REQUEST_TIMEOUT = 408
NOT_LET_IN = frozenset({401, 403})
KINDS: Mapping[int, type[AdapterError]] = {
    401: NotAuthorised,
    403: NotAuthorised,
    404: NotSent,
    409: LimitUsedUp,
    413: RequestTooLarge,
    429: RateLimited,
}
"""What is raised for a status; SubmitRefused for any other. What it asks for says the taxonomy."""


@dataclass(slots=True)
class Heard:
    """The last submission: how many requests left, what was answered to the last one. `hear` is told of every exchange."""

    sent: int = 0
    status: int | None = None
    body: bytes = b""
    retry_after_s: float | None = None
    hear: Hear | None = None

    def begin(self) -> None:
        self.sent, self.status, self.body, self.retry_after_s = 0, None, b"", None


class Once(Retry):
    """What hangs is not asked again here: whoever waits for it finds out sooner that nobody answers."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Once:
        if isinstance(error, TimedOut) and _pool is not None:
            raise MaxRetryError(_pool, url, error) from error
        return super().increment(method, url, response, error, _pool, _stacktrace)


class Guard(HTTPAdapter):
    """Carries the requests: reads are repeated, submissions never are, and all have a deadline."""

    def __init__(self, heard: Heard, deadline_s: float) -> None:
        self._heard = heard
        self._deadline_s = deadline_s
        self._led_on = ""
        retry = Once(
            total=3,
            connect=2,
            read=2,
            status=3,
            backoff_factor=0.2,
            raise_on_status=False,
            allowed_methods=frozenset({"GET", "HEAD"}),
            status_forcelist=RETRIED,
        )
        super().__init__(max_retries=retry)

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """The client's own deadline of 900 seconds is not kept."""
        submits = request.method == "POST" and request.path_url.split("?")[0].endswith("/jobs")
        kwargs["timeout"] = (CONNECT_S, self._deadline_s if submits else min(READ_S, self._deadline_s))
        if submits:
            self._heard.sent += 1
        name, hear = self._name_of(request), self._heard.hear
        try:
            response = super().send(request, *args, **kwargs)
            answer = response.content if hear is not None and name else b""
        except Exception:
            if hear is not None and name:
                hear(Exchange(name, _bytes(request.body)))
            raise
        if hear is not None and name:
            hear(Exchange(name, _bytes(request.body), response.status_code, answer))
            self._led_on = name if response.is_redirect else ""
        if submits:
            self._heard.status, self._heard.body = response.status_code, response.content[:10_000]
            self._heard.retry_after_s = _seconds(response.headers.get("Retry-After"))
        return response

    def _name_of(self, request: Any) -> str:
        """What a request is kept as; nothing where it is not about a submission. Where a result lies elsewhere, IBM leads there
        with a signed address, which is not kept.
        """
        if self._led_on and request.method == "GET":
            return f"{self._led_on} elsewhere"
        path = request.path_url
        return f"{request.method} {path}" if _OF_SUBMISSIONS.search(path.split("?")[0]) else ""


def _bytes(body: Any) -> bytes:
    """The body of a request as it was sent."""
    return body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""


def open_service(heard: Heard, deadline_s: float) -> Any:
    """The service of the account that the environment names, guarded, and of the instance whose region backends state. Raises
    NoBackend, or ProviderUnavailable where nobody answers.
    """
    stated = os.environ.get("QISKIT_IBM_INSTANCE", "")
    try:
        service = QiskitRuntimeService()
        clients = [client for client in service._api_clients.values() if client is not None]
        for client in clients:
            for scheme in ("http://", "https://"):
                client._session.mount(scheme, Guard(heard, deadline_s))
    except Exception as error:
        remedy = "Check QISKIT_IBM_TOKEN, QISKIT_IBM_INSTANCE, QISKIT_IBM_CHANNEL and QISKIT_IBM_URL."
        raise unopened("IBM Quantum", error, remedy) from error
    if not clients:
        raise NoBackend("IBM Quantum offers no instance.", remedy="Set QISKIT_IBM_INSTANCE to one of the account.")
    if stated.startswith("crn:") and [*service._api_clients] != [stated]:
        # Without a token in the environment a saved account counts, whose instance may stand in another region.
        raise NoBackend(
            "IBM Quantum was opened for another instance than QISKIT_IBM_INSTANCE names.",
            remedy="Set QISKIT_IBM_TOKEN beside it, so that no saved account is taken.",
        )
    return service


def unopened(what: str, error: Exception, remedy: str, *, action: FailureAction = "fail_fast") -> AdapterError:
    """What an error says at the opening: that nobody answers, which passes, or that there is no such account or backend."""
    words = f"{what} cannot be opened: {type(error).__name__}: {str(error)[:200]}"
    return ProviderUnavailable(words) if unanswered(error) else NoBackend(words, remedy=remedy, action=action)


def unanswered(error: BaseException) -> bool:
    """The client wraps a connection that fails in words about the account, so that its causes are looked at."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, NotConnected | Timeout):
            return True
        if isinstance(seen, RequestsApiError) and not 400 <= seen.status_code < 500:
            return True
        if isinstance(seen, ApiException) and seen.status_code is not None and seen.status_code >= 500:
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def refusal(heard: Heard, error: Exception) -> AdapterError | None:
    """What says for sure that a submission was not taken; None where nobody knows."""
    words = f"{type(error).__name__}: {str(error)[:300]}"
    if not heard.sent:
        return NotSent(f"It was not sent: {words}")
    if heard.sent > 1 or heard.status is None or not 400 <= heard.status < 500:
        return None
    if SESSION_CLOSED in _codes(heard.body):
        return NotSent("Its batch is closed.")
    if heard.status == REQUEST_TIMEOUT:
        return None
    row = BY_STATUS.get(heard.status, REFUSED)
    kind = KINDS.get(heard.status, SubmitRefused)
    return kind(
        words, remedy=row.advice, retry_after_s=heard.retry_after_s, action=row.action, reason=str(heard.status)
    )


def _codes(body: bytes) -> set[int]:
    try:
        return {each["code"] for each in json.loads(body)["errors"]}
    except (ValueError, KeyError, TypeError):
        return set()


def _seconds(text: str | None) -> float | None:
    try:
        seconds = None if text is None else float(text)
    except ValueError:
        return None
    return seconds if seconds is not None and 0 <= seconds <= WAIT_S_MAX else None
