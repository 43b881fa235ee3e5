"""A resource as QRMI describes it, as Qiskit's transpiler and IBM's primitives take it; and programs for it.

Imported in worker processes only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from qiskit_ibm_runtime.exceptions import IBMInputValueError  # type: ignore[import-untyped]
from qiskit_ibm_runtime.executor_estimator.prepare import prepare as prepare_estimates  # type: ignore[import-untyped]
from qiskit_ibm_runtime.executor_sampler.prepare import prepare as prepare_samples  # type: ignore[import-untyped]
from qiskit_ibm_runtime.options_models.estimator import EstimatorOptions  # type: ignore[import-untyped]
from qiskit_ibm_runtime.options_models.sampler import SamplerOptions  # type: ignore[import-untyped]
from qiskit_ibm_runtime.quantum_program.params_converters import (  # type: ignore[import-untyped]
    QUANTUM_PROGRAM_PARAMS_CONVERTERS,
)
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target  # type: ignore[import-untyped]
from qiskit_ibm_runtime.utils.backend_decoder import (  # type: ignore[import-untyped]
    configuration_from_server_data,
    properties_from_server_data,
)

from queuebit_quantum_adapter.errors import SubmitRefused
from queuebit_quantum_adapter.ports import Request
from queuebit_quantum_adapter.providers.ibm import estimates, mitigation
from queuebit_quantum_adapter.providers.ibm.programs import Programs

SCHEMA = "v2.0"


class Device:
    """What a transpiler needs to know."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        """Raises KeyError, TypeError or ValueError where something is missing."""
        configuration, properties = told["configuration"], told["properties"]
        self.name = str(configuration["backend_name"])
        self.num_qubits = int(configuration["n_qubits"])
        self._properties = properties_from_server_data(properties, use_fractional_gates=False)
        self.target = convert_to_target(
            configuration=configuration_from_server_data(configuration, use_fractional_gates=False),
            properties=self._properties,
        )

    def properties(self) -> Any:
        return self._properties


def program_of(device: Device, programs: Programs, request: Request, key: UUID) -> str:
    """The parameters of IBM's program `executor`, as its own client makes them; the key is among its tags.

    Raises SubmitRefused for what the client refuses by itself.
    """
    tags = [f"queuebit:{key}"]
    try:
        if request.observable is None:
            samples = SamplerOptions(**mitigation.sampler_options(request.mitigation, tags))
            program, options = prepare_samples(programs.pubs(request), samples, request.shots, backend=device)
            program._semantic_role = "sampler_v2"
        else:
            values = EstimatorOptions(**mitigation.estimator_options(request.mitigation, request.shots or 1, tags))
            program, options = prepare_estimates(estimates.pubs(programs, request), values, backend=device)
            program._semantic_role = estimates.ROLE
    except IBMInputValueError as error:
        raise SubmitRefused(f"IBM's client takes no such program: {str(error)[:300]}") from error
    params = QUANTUM_PROGRAM_PARAMS_CONVERTERS[SCHEMA].encoder(program, options)
    return json.dumps(params.model_dump(mode="json"))
