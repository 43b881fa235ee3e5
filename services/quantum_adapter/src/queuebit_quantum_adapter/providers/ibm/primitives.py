"""Requests handed to IBM's own primitives, the same for a device and for a simulation here, and what became of them.

Imported in worker processes only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

from qiskit_ibm_runtime.decoders.defaults import DEFAULT_DECODERS  # type: ignore[import-untyped]
from qiskit_ibm_runtime.exceptions import IBMInputValueError  # type: ignore[import-untyped]
from qiskit_ibm_runtime.executor_estimator import Estimator  # type: ignore[import-untyped]
from qiskit_ibm_runtime.executor_sampler import Sampler  # type: ignore[import-untyped]

from queuebit_quantum_adapter.errors import SubmitRefused, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.ports import Preflight, Request, Result
from queuebit_quantum_adapter.providers.ibm import estimates, mitigation
from queuebit_quantum_adapter.providers.ibm.programs import Programs, outcomes_of

NOTHING: Mapping[str, Any] = {}
MEMORY_TAG = "queuebit:memory"
"""Of jobs of which the outcome of each run is wanted: it comes back with the result, whoever fetches that."""
JOB_S, SHOT_S = 2.0, 3e-4
"""What a job and one run of a circuit take on a device, in seconds: an upper guess, without the queue."""


def prepared(programs: Programs, request: Request) -> Preflight:
    """The request fitted and checked. Raises AdapterError."""
    if request.observable is not None and request.shots is None:
        raise UnusableProblem("A device has no exact expectation values.", remedy="Ask for shots.")
    mitigation.check(request)
    qubits = max((bound.circuit.qubits for bound in request.circuits), default=0)
    if qubits > programs.qubits:
        words = f"The circuit has {qubits} qubits; {programs.name} has {programs.qubits}."
        raise TooManyQubits(words, action="reroute")
    record, ran, success = programs.prepared(request)
    seconds = JOB_S + SHOT_S * (request.shots or 0) * len(request.circuits) * estimates.bases_run(request)
    return Preflight(qubits, success=success, seconds=seconds, cost_at_least=True, record=record, ran=ran)


def started(
    mode: Any, programs: Programs, request: Request, tags: Iterable[str], *, simulation: Mapping[str, Any] = NOTHING
) -> Any:
    """The job of IBM's client; `simulation`: options where it is simulated in this process.

    Raises SubmitRefused for what the client refuses by itself, and whatever it raises else.
    """
    asked = request.mitigation
    tags = [*tags, MEMORY_TAG] if request.memory else tags
    try:
        if request.observable is None:
            sampler = Sampler(mode, {**mitigation.sampler_options(asked, tags), **simulation})
            return sampler.run(programs.pubs(request), shots=request.shots)
        options = mitigation.estimator_options(asked, request.shots or 1, tags)
        return Estimator(mode, {**options, **simulation}).run(estimates.pubs(programs, request))
    except IBMInputValueError as error:
        raise SubmitRefused(f"IBM's client takes no such program: {str(error)[:300]}") from error


def read(answer: Any) -> Result:
    """What the program of a job gave: values, or counts."""
    if estimates.is_estimate(answer):
        return estimates.read(answer)
    _, *others = DEFAULT_DECODERS["executor"]
    found = reduce(lambda told, each: each.decode(told) if each.is_applicable(told) else told, others, answer)
    options = answer.passthrough_data["post_processor"]["options"]
    told = mitigation.applied(options)
    outcomes = [each for pub in found for each in outcomes_of(pub.data)]
    wanted = MEMORY_TAG in (options["environment"].get("job_tags") or ())
    return Result(
        tuple(dict(sorted(Counter(each).items())) for each in outcomes),
        record={"mitigation": told} if told else {},
        memory=tuple(outcomes) if wanted else (),
    )
