"""The service Amazon Braket through boto3 itself: its SDK drops a session that knows of keys without a word.

Tasks are created by a client that repeats nothing by itself; questions are repeated. Every request has a deadline. Imported in
worker processes only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
)

from queuebit_quantum_adapter.errors import (
    AdapterError,
    AnswerUnreadable,
    KeyReused,
    NotAuthorised,
    NotSent,
    ProviderUnavailable,
)
from queuebit_quantum_adapter.evidence.port import Exchange, Hear
from queuebit_quantum_adapter.providers.braket.taxonomy import REMEDY, row_of_error

T = TypeVar("T")
CONNECT_S, READ_S = 3.0, 4.0
ATTEMPTS_MAX = 2
"""How long a connection and the answer to a question may take, and how often it is asked before it counts as one without."""
PAGE, PAGES_MAX = 100, 100
CLOCKS_APART = timedelta(hours=1)
"""How far the ledger's clock may be ahead of Amazon's."""
_OF_TASKS = ("/quantum-task", "/quantum-tasks")
KEY, TOKEN_NAME = "queuebit", "clientToken"
BAD_REQUEST, FORBIDDEN, NOT_FOUND, CONFLICT, SERVER_ERROR = 400, 403, 404, 409, 500
MISSING = "ResourceNotFoundException"
SAYS_WHEN = (402, 429)
UNSIGNED = (NoCredentialsError, PartialCredentialsError, NoRegionError)
UNSENT = (EndpointConnectionError, ConnectTimeoutError, ParamValidationError)


class Client:
    """The tasks of one device, and their results in one bucket."""

    def __init__(self, arn: str, bucket: str, prefix: str, deadline_s: float) -> None:
        """Raises NotAuthorised where there is no region or no account."""
        self._arn, self._bucket, self._prefix = arn, bucket, prefix
        self.hear: Hear | None = None
        """Told of every exchange about a task, and of every object that is fetched."""
        region = arn.split(":")[3] or None
        try:
            session = boto3.Session(region_name=region)
            self._once = session.client("braket", config=_config(deadline_s, 1))
            self._braket = session.client("braket", config=_config(min(READ_S, deadline_s), ATTEMPTS_MAX))
            self._s3 = session.client("s3", config=_config(min(READ_S, deadline_s), ATTEMPTS_MAX))
            for client in (self._once, self._braket):
                client._endpoint.http_session = Line(client._endpoint.http_session, self._overheard)
        except BotoCoreError as error:
            raise NotAuthorised(f"Braket cannot be reached: {error}", remedy=REMEDY) from error

    def device(self, arn: str) -> Mapping[str, Any]:
        """What Braket says of a device. Raises AdapterError."""
        return _asked(lambda: self._braket.get_device(deviceArn=arn))

    def devices(self) -> list[str]:
        """The devices of the region. Raises AdapterError."""
        pages = _paged(lambda more: self._braket.search_devices(filters=[], maxResults=PAGE, **more))
        return [str(each["deviceArn"]) for page in pages for each in page["devices"]]

    def create(self, key: UUID, action: str, shots: int) -> str:
        """The task under a key: the same, however often it is asked for, while Braket remembers the key.

        An AdapterError that is `unsent` says that it was not taken; of whatever else is raised nobody knows.
        """
        try:
            answer = self._once.create_quantum_task(
                clientToken=f"{KEY}-{key}",
                deviceArn=self._arn,
                shots=shots,
                outputS3Bucket=self._bucket,
                outputS3KeyPrefix=f"{self._prefix}/{key}",
                action=action,
                tags={KEY: str(key)},
            )
            return str(answer["quantumTaskArn"])
        except Exception as error:
            said = _refusal(error)
            if said is None:
                raise
            raise said from error

    def task(self, arn: str) -> Mapping[str, Any] | None:
        """A task as it stands, or None where there is none. Raises AdapterError."""
        return _unless_missing(
            lambda: self._braket.get_quantum_task(quantumTaskArn=arn, additionalAttributeNames=["QueueInfo"])
        )

    def cancel(self, arn: str) -> None:
        """Raises AdapterError. What has ended, or is not there, is no error."""
        try:
            self._once.cancel_quantum_task(quantumTaskArn=arn, clientToken=f"{KEY}-{arn[-40:]}")
        except ClientError as error:
            if _status(error) not in (CONFLICT, NOT_FOUND):
                raise _unanswered(error) from error
        except BotoCoreError as error:
            raise _unanswered(error) from error

    def tasks(self, key: UUID, since: datetime | None) -> list[Mapping[str, Any]]:
        """All tasks of the device under a key that were created since then, the oldest first. Raises AdapterError."""
        wanted = [{"name": "deviceArn", "operator": "EQUAL", "values": [self._arn]}]
        if since is not None:
            earliest = (since - CLOCKS_APART).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            wanted.append({"name": "createdAt", "operator": "GTE", "values": [earliest]})
        pages = _paged(lambda more: self._braket.search_quantum_tasks(filters=wanted, maxResults=PAGE, **more))
        found = [each for page in pages for each in page["quantumTasks"] if each.get("tags", {}).get(KEY) == str(key)]
        return sorted(found, key=lambda each: each["createdAt"])

    def fetch(self, path: str) -> bytes:
        """An object of the bucket. Raises AdapterError, also where it is not there yet."""

        def get() -> bytes:
            body: bytes = self._s3.get_object(Bucket=self._bucket, Key=path)["Body"].read()
            if self.hear is not None:
                self.hear(Exchange(f"GET s3://{self._bucket}/{path}", b"", 200, body))
            return body

        return _asked(get)

    def _overheard(self, request: Any, response: Any) -> None:
        """What went over the wire, where it is about a task; each of the client's own repeats too."""
        path = unquote(urlsplit(request.url).path)
        if self.hear is None or not path.startswith(_OF_TASKS):
            return
        body = request.body or b""
        asked = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
        said = (None, None) if response is None else (int(response.status_code), response.content)
        self.hear(Exchange(f"{request.method} {path}", asked, *said))


class Line:
    """Carries the requests of a client of boto3 as its own session does; what goes over it is heard before it is read."""

    def __init__(self, session: Any, overheard: Callable[[Any, Any], None]) -> None:
        self._session = session
        self._overheard = overheard

    def send(self, request: Any) -> Any:
        try:
            response = self._session.send(request)
        except Exception:
            self._overheard(request, None)
            raise
        self._overheard(request, response)
        return response

    def close(self) -> None:
        self._session.close()


def _config(deadline_s: float, attempts: int) -> Any:
    retries = {"total_max_attempts": attempts, "mode": "standard"}
    return Config(connect_timeout=CONNECT_S, read_timeout=deadline_s, retries=retries)


def _paged(ask: Callable[[dict[str, str]], Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Page after page. Raises ProviderUnavailable where there is no end: what was not seen is not known to be absent."""
    more: dict[str, str] = {}
    for _ in range(PAGES_MAX):
        page = _asked(lambda more=more: ask(more))  # type: ignore[misc]
        yield page
        if not page.get("nextToken"):
            return
        more = {"nextToken": str(page["nextToken"])}
    raise ProviderUnavailable(f"Braket lists more than {PAGES_MAX} pages.")


def _asked(question: Callable[[], T]) -> T:
    try:
        return question()
    except (BotoCoreError, ClientError) as error:
        raise _unanswered(error) from error


def _unless_missing(question: Callable[[], T]) -> T | None:
    try:
        return question()
    except ClientError as error:
        if _status(error) == NOT_FOUND or _name(error) == MISSING:
            return None
        raise _unanswered(error) from error
    except BotoCoreError as error:
        raise _unanswered(error) from error


def _unanswered(error: Exception) -> AdapterError:
    words = f"Braket does not answer: {type(error).__name__}: {str(error)[:200]}"
    if isinstance(error, UNSIGNED) or _status(error) in (401, FORBIDDEN):
        return NotAuthorised(words, remedy=REMEDY)
    status = _status(error)
    return (AnswerUnreadable if status is not None and status < SERVER_ERROR else ProviderUnavailable)(words)


def _refusal(error: Exception) -> AdapterError | None:
    """What says for sure that a task was not created; None where nobody knows."""
    words = f"{type(error).__name__}: {str(error)[:300]}"
    if isinstance(error, UNSIGNED):
        return NotAuthorised(words, remedy=REMEDY)
    if isinstance(error, UNSENT):
        return NotSent(f"It was not sent: {words}")
    status, name = _status(error), _name(error)
    if status == BAD_REQUEST and TOKEN_NAME in str(error):
        return KeyReused(words)
    row = row_of_error(name, status)
    return None if row is None else row.refusal(words, reason=name or None, retry_after_s=_retry_after_s(error))


def _name(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _status(error: Exception) -> int | None:
    if not isinstance(error, ClientError):
        return None
    status: int | None = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status


def _retry_after_s(error: Exception) -> float | None:
    assert isinstance(error, ClientError)
    if _status(error) not in SAYS_WHEN:
        return None
    text = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("retry-after")
    return float(text) if text is not None and text.isdecimal() and len(text) < 6 else None
