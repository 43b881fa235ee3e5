"""One resource of QRMI: an IBM system by the verbs acquire, task_start, task_status, task_result, task_stop and release.

A submission is one task in a batch of its own, as of IBM by its own client. QRMI's tasks carry no tags: a lost answer is found
in the list of its batch, which is closed before the task's absence is declared. Imported in worker processes only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from importlib.metadata import version
from typing import Any
from uuid import UUID

from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder  # type: ignore[import-untyped]

from queuebit_quantum_adapter.errors import (
    AdapterError,
    AnswerUnreadable,
    NoBackend,
    NotAuthorised,
    NotSent,
    ProviderUnavailable,
    RateLimited,
    SubmitRefused,
)
from queuebit_quantum_adapter.evidence.port import Hear
from queuebit_quantum_adapter.ports import Capabilities, Poll, Preflight, Recovery, Request, Result, RunState
from queuebit_quantum_adapter.providers.ibm import primitives
from queuebit_quantum_adapter.providers.ibm.programs import Programs
from queuebit_quantum_adapter.providers.ibm.reading import poll_of
from queuebit_quantum_adapter.providers.ibm.strays import STRAY_S, SWEEP_S, Strays
from queuebit_quantum_adapter.providers.qrmi.asking import Said, Silent, Verbs
from queuebit_quantum_adapter.providers.qrmi.device import Device, program_of
from queuebit_quantum_adapter.providers.qrmi.offer import MITIGATIONS, name_of
from queuebit_quantum_adapter.providers.qrmi.rest import Rest

SHOTS_MAX = 100_000
BATCH_CLOSED = "1217"
LIMITED = re.compile(r"response body: 429 Too Many Requests\b")
"""As QRMI begins to tell of that status, and of nothing else: a number elsewhere in its words may be anything."""
WAITS = {"Queued": RunState.QUEUED, "Running": RunState.RUNNING, "Completed": RunState.SUCCEEDED}
UNSET = ("EnvVarNotSetError", "ConfigError", "ResourceNotFoundError", "UnsupportedResourceTypeError")


class QrmiProvider:
    """One resource."""

    def __init__(
        self, *, resource: str, lag_s: float, deadline_s: float, sweep_s: float = SWEEP_S, stray_s: float = STRAY_S
    ) -> None:
        """`sweep_s` and `stray_s` are those of Strays. Raises NoBackend where there is no such resource,
        ProviderUnavailable where nobody answers.
        """
        self._name = name_of(resource)
        self._verbs = Verbs(resource, deadline_s)
        self._rest = Rest(resource, deadline_s)
        self._strays = Strays(sweep_s=sweep_s, stray_s=stray_s)
        self._lag_s = lag_s + deadline_s
        told = self._asked("target")
        try:
            self._device = Device(json.loads(told))
        except (KeyError, TypeError, ValueError) as error:
            raise AnswerUnreadable(f"QRMI tells of {resource} in other words: {error!r}") from error
        self._programs = Programs(self._device)

    def capabilities(self) -> Capabilities:
        return Capabilities(
            backend=self._name,
            version=f"qrmi {version('qrmi')}",
            lane="quantum",
            qubits_max=self._device.num_qubits,
            shots_max=SHOTS_MAX,
            noise=self._device.name,
            estimates=True,
            repeats=False,
            recovery=Recovery.FENCE,
            lag_s=self._lag_s,
            calibrated_at=self._programs.calibrated_at,
            mitigations=MITIGATIONS,
        )

    def discover(self) -> tuple[Capabilities, ...]:
        """QRMI knows the resources that its environment names, each by itself."""
        return (self.capabilities(),)

    def preflight(self, request: Request) -> Preflight:
        return primitives.prepared(self._programs, request)

    def fence(self, key: UUID) -> str | None:  # noqa: ARG002
        return str(self._asked("acquire"))

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        if fence is None:
            raise NotSent("A task of QRMI needs a batch of its own.")
        program = program_of(self._device, self._programs, request, key)
        try:
            return str(self._verbs.ask("task_start", session=fence, program=program))
        except Said as error:
            said = _refusal(error)
            if said is None:
                raise
            raise said from error

    def poll(self, provider_id: str) -> Poll:
        """A word of QRMI that says that it waits, runs or has succeeded is enough. What else it says, also that it cannot read
        the answer, is looked up in IBM's own words: only these end a task.
        """
        try:
            word = str(self._verbs.ask("task_status", task=provider_id))
        except (Said, Silent):
            word = ""
        if word in WAITS:
            return Poll(WAITS[word], detail=word)
        job = self._rest.job(provider_id)
        if job is None:
            return Poll(RunState.UNKNOWN, detail=f"There is no job {provider_id}.")
        return poll_of(job)

    def result(self, provider_id: str) -> Result:
        text = self._asked("task_result", task=provider_id)
        try:
            found = primitives.read(ExecutorResultDecoder.decode(text))
        except (KeyError, TypeError, ValueError) as error:
            raise AnswerUnreadable(f"The result cannot be read: {type(error).__name__}: {error}") from error
        return replace(found, record={**found.record, "job": provider_id, "usage": self._rest.usage(provider_id)})

    def usage(self, provider_id: str) -> Mapping[str, Any]:
        return self._rest.usage(provider_id)

    def overhear(self, hear: Hear | None) -> None:
        self._verbs.hear = hear

    def cancel(self, provider_id: str) -> None:
        try:
            self._verbs.ask("task_stop", task=provider_id)
        except Said as error:
            if error.kind != "TaskNotFoundError" and "409" not in error.words:
                raise ProviderUnavailable(f"It could not be cancelled: {error}") from error
        except Silent as error:
            raise ProviderUnavailable(f"It could not be cancelled: {error}") from error

    def reconcile(self, key: UUID, fence: str | None, since: datetime | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """Of its batch alone: QRMI's tasks carry nothing else that they could be found by."""
        return () if fence is None else tuple(row["id"] for row in self._rest.jobs(fence))

    def sweep(self) -> tuple[str, ...]:
        return self._strays.close(partial(self._rest.batches, self._device.name), self._rest.batch, self.close)

    def close(self, fence: str) -> None:
        self._asked("release", session=fence)

    def _asked(self, verb: str, **more: Any) -> Any:
        """Raises AdapterError."""
        try:
            return self._verbs.ask(verb, **more)
        except Said as error:
            if error.kind == "AuthenticationFailedError":
                raise NotAuthorised(f"QRMI is not let in: {error.words[:200]}") from error
            if error.kind in UNSET:
                remedy = "Check the variables of the resource, such as its _QRMI_IBM_QCS_ENDPOINT."
                raise NoBackend(f"{self._name}: {error}", remedy=remedy) from error
            raise ProviderUnavailable(f"QRMI does not answer: {error}") from error
        except Silent as error:
            raise ProviderUnavailable(f"QRMI does not answer: {error}") from error


def _refusal(error: Said) -> AdapterError | None:
    """What says for sure that a task was not taken; None where nobody knows."""
    words = str(error)[:300]
    match error.kind:
        case "InvalidInputError" if BATCH_CLOSED in error.words:
            return NotSent("Its batch is closed.")
        case "InvalidInputError" | "UnsupportedPayloadError":
            return SubmitRefused(words)
        case "AuthenticationFailedError":
            return NotAuthorised(words)
        case kind if kind in UNSET:
            return NotSent(f"It was not sent: {words}")
        case _ if LIMITED.match(error.words):
            return RateLimited(words)
        case _:
            return None


@lru_cache(maxsize=4)
def open_provider(resource: str, lag_s: float, deadline_s: float) -> QrmiProvider:
    """The provider of this process: made once, so that what was transpiled stays."""
    return QrmiProvider(resource=resource, lag_s=lag_s, deadline_s=deadline_s)
