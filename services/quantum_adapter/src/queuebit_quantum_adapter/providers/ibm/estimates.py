"""Expectation values as IBM's estimator gives them: the observable in its letters, and what its runs say with and without
correction. Imported in worker processes only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime.decoders.executor.decoder import ExecutorResultDecoder  # type: ignore[import-untyped]
from qiskit_ibm_runtime.decoders.executor_estimator.decoder import (  # type: ignore[import-untyped]
    ClientSideEstimatorDecoder,
)
from qiskit_mitigation.utils.utils import load_tasks_from_result  # type: ignore[import-untyped]

from queuebit_circuits.pauli import PauliSum, bases
from queuebit_quantum_adapter.errors import AnswerUnreadable
from queuebit_quantum_adapter.ports import Estimated, Request, Result
from queuebit_quantum_adapter.providers.ibm.mitigation import applied
from queuebit_quantum_adapter.providers.ibm.programs import Programs

ROLE = "estimator_v2"
OUTCOMES = "_meas"
"""The register that the client has the estimator's circuits measure into."""


def operator(observable: PauliSum) -> Any:
    """The observable as Qiskit writes it: the rightmost letter is qubit 0."""
    terms = [(letters[::-1], coefficient) for coefficient, letters in observable.terms]
    return SparsePauliOp.from_list(terms, num_qubits=observable.qubits)


def pubs(programs: Programs, request: Request) -> list[tuple[Any, Any, Any]]:
    """Circuits with the observable on the qubits that they took, and their angles."""
    assert request.observable is not None
    asked = operator(request.observable)
    return [(circuit, asked.apply_layout(circuit.layout), angles) for circuit, angles in programs.pubs(request)]


def bases_run(request: Request) -> int:
    """How many programs each circuit becomes: in each basis, at each factor of the noise, and to calibrate the readout."""
    if request.observable is None:
        return 1
    methods = request.mitigation.methods
    factors = len(request.mitigation.zne_factors) if "zne" in methods else 1
    return max(1, len(bases(request.observable))) * factors + int("trex" in methods)


def is_estimate(answer: Any) -> bool:
    """Whether a result is an estimator's."""
    return getattr(answer, "_semantic_role", None) == ROLE


def raw_answer(job: Any) -> Any:
    """What a job gave, before anything was made of it; None where it is not there yet."""
    return job.result(decoder=ExecutorResultDecoder)


def read(answer: Any) -> Result:
    """The values of all circuits. Raises AnswerUnreadable for what is not understood."""
    try:
        options = answer.passthrough_data["post_processor"]["options"]
        corrected = [pub.data for pub in ClientSideEstimatorDecoder.decode(answer)]
        plain = list(_uncorrected(answer))
        told = applied(options)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AnswerUnreadable(f"IBM Quantum tells of values in other words: {error!r}") from error
    values: list[float] = []
    estimated: list[Estimated] = []
    lost = 0
    for mitigated, raw in zip(_rows(corrected), plain, strict=True):
        if not all(map(math.isfinite, mitigated)):
            # No curve fits the noise factors: what was read at the first of them is all that is known.
            mitigated, lost = raw, lost + 1
        values.append(mitigated[0])
        estimated.append(Estimated(mitigated[1], *raw))
    record = {"mitigation": {**told, **({"not_extrapolated": lost} if lost else {})}, "runs": _runs(answer)}
    return Result((), tuple(values), record=record, estimated=tuple(estimated))


def _rows(data: Iterable[Any]) -> Iterator[tuple[float, float]]:
    for each in data:
        pairs = zip(np.ravel(each.evs), np.ravel(each.stds), strict=True)
        yield from ((float(value), float(error)) for value, error in pairs)


def _uncorrected(answer: Any) -> Iterator[tuple[float, float]]:
    """What the same runs say where readouts are believed and the noise is as it is."""
    for task in load_tasks_from_result(answer):
        task.trex = None
        if isinstance(task.param_shape, list):
            task.param_shape = tuple(task.param_shape)
        data = task.postprocess(answer).data
        if hasattr(data, "evs_noise_factors"):
            values, errors = data.evs_noise_factors[..., 0], data.stds_twirl_noise_factors[..., 0]
        else:
            values, errors = data.evs, data.twirl_stds
        yield from ((float(v), float(e)) for v, e in zip(np.ravel(values), np.ravel(errors), strict=True))


def _runs(answer: Any) -> int:
    """How often circuits ran for it, those that calibrate the readout too."""
    return sum(int(np.prod(item[OUTCOMES].shape[:-1])) for item in answer)
