"""Requests of one attempt handed in one after the other, each once, under a key that the attempt and its number derive."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import cached_property
from typing import Protocol, TypeVar, cast
from uuid import UUID

from queuebit_contracts.ids import derive_id
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import AdapterError, ProviderUnavailable, RunFailed
from queuebit_quantum_adapter.ports import Preflight, Provider, Request, Result
from queuebit_quantum_adapter.submissions.local import Here

T = TypeVar("T")
OPEN_S = 8.0
"""How long it may take to open a provider that is reached over a network, whose client may know no deadline there."""


def open_provider(backend: BackendSpec) -> Provider:
    """The provider that the specification names; its SDK is imported here, in the worker process. Raises AdapterError."""
    module, _, function = backend.opener.partition(":")
    opener = getattr(importlib.import_module(module), function)

    def opened() -> Provider:
        return cast(Provider, opener(**backend.options))

    if not backend.durable:
        return opened()
    began_s = time.monotonic()
    try:
        return within(OPEN_S, opened, backend.name)
    except AdapterError as error:
        error.silent_s = time.monotonic() - began_s
        raise


def within(seconds: float, question: Callable[[], T], whom: str) -> T:
    """What a question gives. Raises what it raises, and ProviderUnavailable where it hangs for longer: it is left hanging then
    in a thread, which ends with the process.
    """
    found: Future[T] = Future()

    def ask() -> None:
        try:
            found.set_result(question())
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=ask, name=f"ask {whom}", daemon=True).start()
    try:
        return found.result(seconds)
    except TimeoutError:
        if found.done():
            raise
        raise ProviderUnavailable(f"{whom} does not answer: it could not be opened within {seconds:g} s.") from None


def key_of(attempt_id: UUID, number: int) -> UUID:
    """The key of the request with this number, from 0: the same whenever the attempt is repeated."""
    return derive_id(attempt_id, f"round:{number}")


class HandIn(Protocol):
    """Hands a request in, once, and waits for what it gives."""

    def __call__(self, provider: Provider, request: Request, attempt_id: UUID, number: int, key: UUID) -> Result: ...


class Runner:
    """Runs the requests of one attempt, and counts.

    A repeat of the attempt, which asks for the same in the same order, finds by the keys what was handed in before.
    """

    def __init__(self, attempt_id: UUID, opener: Callable[[], Provider], hand_in: HandIn | None = None) -> None:
        """`opener` opens the provider: it is called when the provider is first needed."""
        self._attempt_id = attempt_id
        self._opener = opener
        self._hand_in = Here() if hand_in is None else hand_in
        self.requests = 0
        self.circuits = 0
        self.shots = 0
        self.run_s = 0.0
        """Seconds that the backend ran, as far as it tells."""
        self.qpu_s = 0.0
        """Seconds of a quantum processor that were charged, as far as they are known."""

    @cached_property
    def provider(self) -> Provider:
        return self._opener()

    def run(self, request: Request, ready: Callable[[Preflight], None] | None = None) -> Result:
        """Hand the request in and wait for what it gives; `ready` is called just before. Raises AdapterError."""
        expected = self.provider.preflight(request)
        if ready is not None:
            ready(expected)
        number = self.requests
        result = self._hand_in(self.provider, request, self._attempt_id, number, key_of(self._attempt_id, number))
        return self._counted(request, expected, result)

    def _counted(self, request: Request, expected: Preflight, result: Result) -> Result:
        self.requests += 1
        asked, given = len(request.circuits) or int(request.spins is not None), len(result.counts) + len(result.values)
        if given != asked:
            raise RunFailed(f"{given} results came back of {asked} circuits.")
        if not result.ran:
            result = replace(result, record={**expected.record, **result.record}, ran=expected.ran)
        self.circuits += len(request.circuits)
        self.shots += sum(sum(counts.values()) for counts in result.counts)
        self.qpu_s += float(result.record.get("usage", {}).get("qpu_s") or 0.0)
        self.run_s += float(result.timing.get("run_s", 0.0))
        return result


class Asked(BaseException):
    """An attempt of several that run together has come to its request."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request = request


class Compiled(BaseException):
    """An attempt that is gone through to compile it has come to its first request, and that is compiled."""


class CompilingRunner(Runner):
    """Hands nothing in."""

    def run(self, request: Request, ready: Callable[[Preflight], None] | None = None) -> Result:  # noqa: ARG002
        self.provider.preflight(request)
        raise Compiled


class JoinedRunner(Runner):
    """Of an attempt whose first request runs together with those of others: gone through to that request, which is `Asked`,
    and again when its result is there.
    """

    def __init__(self, attempt_id: UUID, opener: Callable[[], Provider]) -> None:
        super().__init__(attempt_id, opener)
        self._expected: Preflight | None = None
        self._result: Result | None = None

    def give(self, result: Result) -> None:
        """What the request has given."""
        self._result = result

    def run(self, request: Request, ready: Callable[[Preflight], None] | None = None) -> Result:
        result, expected = self._result, self._expected
        if result is not None and expected is not None:
            self._result = None
            return self._counted(request, expected, result)
        if self.requests:
            return super().run(request, ready)
        self._expected = self.provider.preflight(request)
        if ready is not None:
            ready(self._expected)
        raise Asked(request)
