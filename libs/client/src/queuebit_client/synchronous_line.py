"""The wire of the client for programs without an event loop: it performs the steps that say what to do."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import Any, Self, TypeVar

import httpx2

from queuebit_client.answers import unreachable
from queuebit_client.errors import QueuebitError
from queuebit_client.steps import STREAM_IDLE_S, Call, Connect, Emit, Hangup, NextLine, Pause, Reply, Step

T = TypeVar("T")


class Line:
    """Performs steps on the wire; holds the one open stream and closes it."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http
        self._open = ExitStack()
        self._lines: Iterator[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def items(self, steps: Generator[Step | Emit[T], Any, None]) -> Iterator[T]:
        """Perform the steps; what they emit comes out."""
        answer: Any = None
        error: QueuebitError | None = None
        while True:
            try:
                step = steps.send(answer) if error is None else steps.throw(error)
            except StopIteration:
                return
            answer, error = None, None
            if isinstance(step, Emit):
                yield step.item
                continue
            try:
                answer = self._perform(step)
            except httpx2.HTTPError as failure:
                error = unreachable(failure)

    def _perform(self, step: Step) -> Any:
        match step:
            case Call():
                reply = self._http.request(
                    step.method, step.path, headers=step.headers, content=step.body, timeout=step.timeout_s
                )
                return Reply(reply.status_code, reply.headers, reply.content)
            case Pause():
                return time.sleep(step.delay_s)
            case Connect():
                timeout = httpx2.Timeout(STREAM_IDLE_S)
                stream = self._http.stream("GET", step.path, headers=step.headers, timeout=timeout)
                reply = self._open.enter_context(stream)
                if reply.status_code != 200:
                    return Reply(reply.status_code, reply.headers, reply.read())
                self._lines = reply.iter_lines()
                return Reply(200, reply.headers)
            case NextLine():
                assert self._lines is not None
                return next(self._lines, None)
            case Hangup():
                self._lines = None
                return self._open.close()
