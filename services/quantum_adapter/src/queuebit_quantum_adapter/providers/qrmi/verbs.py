"""The verbs of QRMI in a process of its own: `python -m queuebit_quantum_adapter.providers.qrmi.verbs RESOURCE`.

QRMI has no deadline: what hangs would hang its caller. So each line of JSON that comes in is one verb with a deadline, each
line that goes out what came of it, and a verb beyond its deadline ends the process. It ends too when nobody asks any more.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

from queuebit_quantum_adapter.providers.ibm.strays import BATCH_TTL_S
from queuebit_quantum_adapter.providers.qrmi.offer import variable

TTL_S = 8 * 3600
PROGRAM = "executor"
GRACE_S = 2.0


def serve(resource: str) -> None:
    """Answer line after line. Whatever else is said in this process, in QRMI too, goes where errors go."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    import qrmi

    os.environ[variable(resource, "SESSION_MODE")] = "batch"
    os.environ.setdefault(variable(resource, "SESSION_MAX_TTL"), str(BATCH_TTL_S))
    os.environ.setdefault(variable(resource, "TIMEOUT_SECONDS"), str(TTL_S))
    for line in sys.stdin:
        asked = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, float(asked["deadline_s"]) + GRACE_S)
        try:
            answer = {"gave": VERBS[asked["verb"]](qrmi, resource, asked)}
        except Exception as error:
            answer = {"error": type(error).__name__, "words": str(error)[:1000]}
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        try:
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
        except BrokenPipeError:
            os._exit(0)


def _opened(qrmi: Any, resource: str, session: str | None = None) -> Any:
    """The session is read when a resource is made, so that each verb makes its own."""
    name = variable(resource, "SESSION_ID")
    os.environ.pop(name, None)
    if session is not None:
        os.environ[name] = session
    return qrmi.QuantumResource(resource, qrmi.ResourceType.IBMQuantumComputeService)


def _target(qrmi: Any, resource: str, _: Mapping[str, Any]) -> Any:
    return _opened(qrmi, resource).target().value


def _acquire(qrmi: Any, resource: str, _: Mapping[str, Any]) -> Any:
    return _opened(qrmi, resource).acquire()


def _release(qrmi: Any, resource: str, asked: Mapping[str, Any]) -> Any:
    _opened(qrmi, resource).release(asked["session"])


def _start(qrmi: Any, resource: str, asked: Mapping[str, Any]) -> Any:
    payload = qrmi.Payload.QiskitPrimitive(input=asked["program"], program_id=PROGRAM)
    return _opened(qrmi, resource, asked["session"]).task_start(payload)


def _status(qrmi: Any, resource: str, asked: Mapping[str, Any]) -> Any:
    return str(_opened(qrmi, resource).task_status(asked["task"])).rpartition(".")[2]


def _result(qrmi: Any, resource: str, asked: Mapping[str, Any]) -> Any:
    return _opened(qrmi, resource).task_result(asked["task"]).value


def _stop(qrmi: Any, resource: str, asked: Mapping[str, Any]) -> Any:
    _opened(qrmi, resource).task_stop(asked["task"])


VERBS: Mapping[str, Callable[[Any, str, Mapping[str, Any]], Any]] = {
    "target": _target,
    "acquire": _acquire,
    "release": _release,
    "task_start": _start,
    "task_status": _status,
    "task_result": _result,
    "task_stop": _stop,
}


if __name__ == "__main__":
    serve(sys.argv[1])
