"""One backend of IBM Quantum. Imported in worker processes only.

A submission is one job in a batch of its own. The batch is its fence: it is closed before the job's absence is declared, so
that a POST which is late bounces. The job carries its key as a tag, by which it is searched for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from importlib.metadata import version
from typing import Any
from uuid import UUID

from qiskit.providers.exceptions import QiskitBackendNotFoundError
from qiskit_ibm_runtime import Batch  # type: ignore[import-untyped]
from qiskit_ibm_runtime.api.exceptions import RequestsApiError  # type: ignore[import-untyped]
from qiskit_ibm_runtime.exceptions import IBMNotAuthorizedError  # type: ignore[import-untyped]

from queuebit_quantum_adapter.backends.conditions import Condition
from queuebit_quantum_adapter.errors import (
    AdapterError,
    AnswerUnreadable,
    NotAuthorised,
    ProviderUnavailable,
    RunFailed,
)
from queuebit_quantum_adapter.evidence.port import Hear, Program
from queuebit_quantum_adapter.ports import Capabilities, Poll, Preflight, Recovery, Request, Result, RunState
from queuebit_quantum_adapter.providers.calibration import calibration_of
from queuebit_quantum_adapter.providers.ibm import primitives
from queuebit_quantum_adapter.providers.ibm.client import NOT_LET_IN, Heard, open_service, refusal, unanswered, unopened
from queuebit_quantum_adapter.providers.ibm.estimates import raw_answer
from queuebit_quantum_adapter.providers.ibm.metrics import times_of, usage_of
from queuebit_quantum_adapter.providers.ibm.offer import MITIGATIONS
from queuebit_quantum_adapter.providers.ibm.programs import Programs
from queuebit_quantum_adapter.providers.ibm.reading import poll_of
from queuebit_quantum_adapter.providers.ibm.strays import BATCH_TTL_S, PAGE, STRAY_S, SWEEP_S, Strays
from queuebit_quantum_adapter.providers.qiskit_circuits import shown
from queuebit_runtime.clock import SystemClock

SHOTS_MAX = 100_000
CALIBRATION_S = 3600.0
PAGES_MAX = 20
CONFLICT, NOT_FOUND = 409, 404
_log = logging.getLogger(__name__)


class IbmProvider:
    """One backend. The client is not shared between threads."""

    def __init__(
        self,
        *,
        backend: str,
        lag_s: float,
        deadline_s: float,
        calibration_s: float = CALIBRATION_S,
        monotonic_s: Callable[[], float] = time.monotonic,
        sweep_s: float = SWEEP_S,
        stray_s: float = STRAY_S,
    ) -> None:
        """`calibration_s`: how old what is known of the calibration may be before it is asked for again. `sweep_s` and
        `stray_s` are those of Strays.

        Raises NoBackend where the account or the backend is not there, ProviderUnavailable where nobody answers.
        """
        self._heard = Heard()
        self._service = open_service(self._heard, deadline_s)
        try:
            self._backend = self._service.backend(backend)
            self._programs = Programs(self._backend)
        except Exception as error:
            remedy = "Name a backend of the account in QUEUEBIT_IBM_BACKENDS."
            if isinstance(error, QiskitBackendNotFoundError):
                # The client says the same where the list of backends could not be read.
                self._ask(lambda client: client.list_backends())
            raise unopened(f"The backend {backend}", error, remedy, action="reroute") from error
        self._calibration_s, self._monotonic_s = calibration_s, monotonic_s
        self._asked_s = monotonic_s()
        self._strays = Strays(sweep_s=sweep_s, stray_s=stray_s, monotonic_s=monotonic_s)
        self._lag_s = lag_s + deadline_s
        self._version = version("qiskit-ibm-runtime")

    def capabilities(self) -> Capabilities:
        return self._capable(self._backend.name, self._backend.num_qubits, self._programs.calibrated_at)

    def condition(self) -> Condition:
        self._recalibrate()
        told = self._ask(lambda client: client.backend_status(self._backend.name))
        try:
            available, queue, words = (
                bool(told["operational"]),
                told.get("pending_jobs"),
                str(told.get("status_msg") or ""),
            )
            queue_length = None if queue is None else int(queue)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AnswerUnreadable(f"IBM Quantum tells of its backend in other words: {error!r}") from error
        calibration = calibration_of(self._backend.target)
        return Condition(available, queue_length, self._programs.calibrated_at, calibration, words)

    def discover(self) -> tuple[Capabilities, ...]:
        devices = self._ask(lambda client: client.list_backends())
        try:
            found = {str(each["name"]): int(each["qubits"]) for each in devices}
        except (KeyError, TypeError) as error:
            raise AnswerUnreadable(f"IBM Quantum lists its backends in other words: {error!r}") from error
        others = [self._capable(name, qubits, None) for name, qubits in found.items() if name != self._backend.name]
        return (self.capabilities(), *others)

    def preflight(self, request: Request) -> Preflight:
        self._recalibrate()
        return primitives.prepared(self._programs, request)

    def fence(self, key: UUID) -> str | None:  # noqa: ARG002
        opened = self._ask(lambda client: client.create_session(self._backend.name, None, BATCH_TTL_S, "batch"))
        return str(opened["id"])

    def submit(self, request: Request, key: UUID, fence: str | None) -> str:
        self._heard.begin()
        try:
            mode = self._backend if fence is None else Batch.from_id(fence, self._service)
            return str(primitives.started(mode, self._programs, request, [tag_of(key)]).job_id())
        except AdapterError:
            raise
        except Exception as error:
            said = refusal(self._heard, error)
            if said is None:
                raise
            raise said from error

    def poll(self, provider_id: str) -> Poll:
        try:
            job = self._client().job_get(provider_id)
        except RequestsApiError as error:
            if error.status_code == NOT_FOUND:
                return Poll(RunState.UNKNOWN, detail=f"There is no job {provider_id}.")
            raise ProviderUnavailable(f"IBM Quantum does not answer: {str(error)[:200]}") from error
        except Exception as error:
            words = f"IBM Quantum does not answer: {type(error).__name__}: {error}"
            raise (ProviderUnavailable if unanswered(error) else AnswerUnreadable)(words) from error
        found = poll_of(job)
        position, wait_s = self._place(provider_id, found.state)
        return replace(found, queue_position=position, wait_s=wait_s)

    def result(self, provider_id: str) -> Result:
        try:
            answer = raw_answer(self._service.job(provider_id))
        except Exception as error:
            words = f"The result cannot be read: {type(error).__name__}: {str(error)[:200]}"
            raise (ProviderUnavailable if unanswered(error) else AnswerUnreadable)(words) from error
        if answer is None:
            raise AnswerUnreadable(f"The result of {provider_id} is not there yet.")
        try:
            found = primitives.read(answer)
        except Exception as error:
            raise AnswerUnreadable(f"The result cannot be read: {type(error).__name__}: {error}") from error
        told = self._told(provider_id)
        record = {**found.record, "job": provider_id, "usage": usage_of(told)}
        return replace(found, record=record, timing={**found.timing, **times_of(told)})

    def usage(self, provider_id: str) -> Mapping[str, Any]:
        return usage_of(self._ask(lambda client: client.job_metadata(provider_id)))

    def cancel(self, provider_id: str) -> None:
        try:
            self._client().job_cancel(provider_id)
        except RequestsApiError as error:
            if error.status_code not in (CONFLICT, NOT_FOUND):
                raise ProviderUnavailable(f"It could not be cancelled: {str(error)[:200]}") from error

    def reconcile(self, key: UUID, fence: str | None, since: datetime | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """Of all batches: a key may have had several. The client's own list may never end, so that its pages are asked for."""
        found: dict[str, str] = {}
        for page in range(PAGES_MAX):
            wanted = {"limit": PAGE, "skip": page * PAGE, "job_tags": [tag_of(key)], "descending": False}
            listed = self._ask(lambda client, wanted=wanted: client.jobs_get(**wanted))
            try:
                found |= {str(each["id"]): str(each["created"]) for each in listed["jobs"]}
                if len(found) >= int(listed["count"]):
                    return tuple(sorted(found, key=lambda job: found[job]))
                if not listed["jobs"]:
                    raise AnswerUnreadable(f"IBM Quantum counts {listed['count']} jobs and lists {len(found)}.")
            except (KeyError, TypeError, ValueError) as error:
                raise AnswerUnreadable(f"IBM Quantum lists jobs in other words: {error!r}") from error
        raise RunFailed(f"There are more than {PAGE * PAGES_MAX} jobs of one key.")

    def overhear(self, hear: Hear | None) -> None:
        self._heard.hear = hear

    def shown(self, request: Request) -> tuple[Program, ...]:
        return shown(self._programs.bound(request))

    def close(self, fence: str) -> None:
        self._ask(lambda client: client.close_session(fence))

    def sweep(self) -> tuple[str, ...]:
        name = self._backend.name

        def listed(after: datetime, before: datetime) -> Any:
            between = {"created_after": after, "created_before": before}
            asked = {"user": "me", "mode": "batch", "backend": name, "sort": "createdAt", "limit": PAGE, **between}
            return self._ask(lambda client: client._api.workloads_get(**asked))

        return self._strays.close(
            listed, lambda batch: self._ask(lambda client: client.session_details(batch)), self.close
        )

    def _recalibrate(self) -> None:
        """What is known of the device is asked for anew from time to time, for it is calibrated while a process lives; what was
        transpiled for another calibration of its qubits is forgotten. Where nobody answers, what was known stays, and it is
        tried again.
        """
        now_s = self._monotonic_s()
        if now_s - self._asked_s < self._calibration_s:
            return
        try:
            self._backend.refresh()
            fresh = Programs(self._backend, self._programs)
        except Exception as error:
            _log.warning("The calibration of %s could not be refreshed: %s", self._backend.name, error)
            return
        self._asked_s = now_s
        if fresh.calibrated_at != self._programs.calibrated_at:
            self._programs = fresh

    def _client(self) -> Any:
        return self._service._active_api_client

    def _ask(self, question: Any) -> Any:
        """Raises ProviderUnavailable where there is no answer, NotAuthorised where we are not let in."""
        try:
            return question(self._client())
        except Exception as error:
            if isinstance(error, IBMNotAuthorizedError) or getattr(error, "status_code", None) in NOT_LET_IN:
                raise NotAuthorised(f"IBM Quantum does not let us in: {str(error)[:200]}") from error
            words = f"IBM Quantum does not answer: {type(error).__name__}: {str(error)[:200]}"
            raise (ProviderUnavailable if unanswered(error) else AnswerUnreadable)(words) from error

    def _capable(self, name: str, qubits: int, calibrated_at: str | None) -> Capabilities:
        return Capabilities(
            backend=name,
            version=f"qiskit-ibm-runtime {self._version}",
            lane="quantum",
            qubits_max=qubits,
            shots_max=SHOTS_MAX,
            noise=name,
            estimates=True,
            repeats=False,
            recovery=Recovery.FENCE,
            lag_s=self._lag_s,
            calibrated_at=calibrated_at,
            mitigations=MITIGATIONS,
            memory=True,
        )

    def _place(self, provider_id: str, state: RunState) -> tuple[int | None, float | None]:
        """How many are before it, and how long that may take: where it is queued and IBM says so."""
        if state is not RunState.QUEUED:
            return None, None
        try:
            told = self._client().job_metadata(provider_id)
            position, begins = told.get("position_in_queue"), told.get("estimated_start_time")
            wait_s = None if begins is None else (datetime.fromisoformat(begins) - SystemClock().now()).total_seconds()
            return None if position is None else int(position), None if wait_s is None else max(0.0, wait_s)
        except Exception:
            return None, None

    def _told(self, provider_id: str) -> Mapping[str, Any]:
        """What IBM has measured of a job; nothing where it does not say."""
        try:
            told: Mapping[str, Any] = self._client().job_metadata(provider_id)
            return told
        except Exception:
            return {}


def tag_of(key: UUID) -> str:
    """What a job of a key is tagged with: the tags of all users of an instance are searched together."""
    return f"queuebit:{key}"


@lru_cache(maxsize=4)
def open_provider(backend: str, lag_s: float, deadline_s: float, calibration_s: float) -> IbmProvider:
    """The provider of this process: made once, so that what was transpiled stays."""
    return IbmProvider(backend=backend, lag_s=lag_s, deadline_s=deadline_s, calibration_s=calibration_s)
