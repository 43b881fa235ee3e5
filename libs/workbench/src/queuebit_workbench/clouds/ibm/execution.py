"""The executor program: its parameters checked against IBM's published schema, and run on Aer with the noise of a device."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any


class BadParams(Exception):
    """The parameters are not those of the program."""


def checked(program: str, params: Any) -> Any:
    """The parameters of the executor program as the schema reads them. Raises BadParams."""
    from ibm_quantum_schemas.executor.version_2_0 import ParamsModel  # type: ignore[import-untyped]
    from pydantic import ValidationError

    if program != "executor":
        raise BadParams(f"This cloud runs the program executor, not {program[:60]!r}.")
    try:
        model = ParamsModel.model_validate(params)
    except ValidationError as error:
        raise BadParams(str(error)[:1000]) from error
    if not model.quantum_program.items:
        raise BadParams("quantum_program.items: at least one item is needed.")
    return model


def executed(params: dict[str, Any], machine: Any, name: str) -> dict[str, Any]:
    """Run a program. Each item has a seed of its own, from the name of the job: with equal ones, chance would be the same in
    all jobs, and at all noise factors of one, so that errors come out too small.
    """
    from ibm_quantum_schemas.common import CompressedTensorModel  # type: ignore[import-untyped]
    from ibm_quantum_schemas.executor.version_2_0 import (
        MetadataModel,
        QuantumProgramResultItemModel,
        QuantumProgramResultModel,
    )
    from ibm_quantum_schemas.executor.version_2_0.models import ItemMetadataModel  # type: ignore[import-untyped]
    from qiskit_ibm_runtime.fake_provider.executor.run_quantum_program import run_quantum_program  # type: ignore[import-untyped]
    from qiskit_ibm_runtime.options_models.simulator import SimulatorOptions  # type: ignore[import-untyped]
    from qiskit_ibm_runtime.quantum_program import QuantumProgram  # type: ignore[import-untyped]
    from qiskit_ibm_runtime.quantum_program.converters.converters_2_0 import quantum_program_from_2_0  # type: ignore[import-untyped]

    model = checked("executor", params)
    program, _ = quantum_program_from_2_0(model)
    for item in program.items:
        if hasattr(item, "samplex"):
            item.samplex.finalize()
    found = [
        run_quantum_program(
            machine, QuantumProgram(program.shots, [item]), SimulatorOptions(seed_simulator=_seed(f"{name}:{place}"))
        )[0]
        for place, item in enumerate(program.items)
    ]
    items = [
        QuantumProgramResultItemModel(
            results={key: CompressedTensorModel.from_numpy(value) for key, value in dict(item).items()},
            metadata=ItemMetadataModel(),
        )
        for item in found
    ]
    result = QuantumProgramResultModel(
        data=items,
        metadata=MetadataModel(chunk_timing=[]),
        passthrough_data=model.quantum_program.passthrough_data,
        semantic_role=model.quantum_program.semantic_role,
    )
    document: dict[str, Any] = result.model_dump(mode="json")
    return document


def _seed(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") >> 1


@cache
def fake(name: str) -> Any:
    """A device of qiskit-ibm-runtime by its name, as fake_manila."""
    from qiskit_ibm_runtime import fake_provider  # type: ignore[import-untyped]

    for each in vars(fake_provider).values():
        if getattr(each, "backend_name", None) == name:
            return each()
    raise BadParams(f"There is no fake device {name[:60]!r}.")


def documents(name: str) -> dict[str, Any]:
    """The configuration and the properties of a device as its files tell them."""
    device = fake(name)
    found = [
        json.loads((Path(device.dirname) / file).read_bytes()) for file in (device.conf_filename, device.props_filename)
    ]
    configuration, properties = ({**each, "backend_name": name} for each in found)
    return {"configuration": {**configuration, "simulator": False}, "properties": properties}
