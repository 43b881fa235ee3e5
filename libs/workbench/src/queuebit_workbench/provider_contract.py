"""The calls that providers make into the SDKs, as recorded, and what an SDK that is installed makes of them.

    python provider_contract.py FOLDER RECORDED.json [--record]

`FOLDER` holds the providers. What they import is read from their source, so that no import is forgotten; methods are named in
`METHODS`. It stands by itself, without a package of ours, so that it runs in an environment that has nothing but a newer SDK.
Exit 0: the contract holds; 1: it does not; 2: wrong arguments.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SDKS = (
    "qiskit",
    "qiskit_aer",
    "qiskit_ibm_runtime",
    "braket",
    "boto3",
    "botocore",
    "cirq",
    "cirq_google",
    "dimod",
    "dwave",
    "qrmi",
)
METHODS = (
    "qiskit_ibm_runtime.QiskitRuntimeService.backend",
    "qiskit_ibm_runtime.QiskitRuntimeService.job",
    "qiskit_ibm_runtime.IBMBackend.properties",
    "qiskit_ibm_runtime.IBMBackend.refresh",
    "qiskit_ibm_runtime.Batch.from_id",
    "qiskit_ibm_runtime.executor_sampler.Sampler.run",
    "qiskit_ibm_runtime.executor_estimator.Estimator.run",
    "qiskit_ibm_runtime.api.client.RuntimeClient.backend_status",
    "qiskit_ibm_runtime.api.client.RuntimeClient.close_session",
    "qiskit_ibm_runtime.api.client.RuntimeClient.create_session",
    "qiskit_ibm_runtime.api.client.RuntimeClient.job_cancel",
    "qiskit_ibm_runtime.api.client.RuntimeClient.job_get",
    "qiskit_ibm_runtime.api.client.RuntimeClient.job_metadata",
    "qiskit_ibm_runtime.api.client.RuntimeClient.jobs_get",
    "qiskit_ibm_runtime.api.client.RuntimeClient.list_backends",
    "braket.devices.LocalSimulator.run",
    "qrmi.Payload.QiskitPrimitive",
    "qrmi.QuantumResource",
    "qrmi.QuantumResource.acquire",
    "qrmi.QuantumResource.release",
    "qrmi.QuantumResource.target",
    "qrmi.QuantumResource.task_result",
    "qrmi.QuantumResource.task_start",
    "qrmi.QuantumResource.task_status",
    "qrmi.QuantumResource.task_stop",
    "qrmi.ResourceType.IBMQuantumComputeService",
)
"""What is called on objects, which no import names."""
Surface = Mapping[str, Mapping[str, Any]]


def names_in(folder: Path) -> list[str]:
    """The dotted names of SDKs that the sources of a folder import, and `METHODS`."""
    found = set(METHODS)
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found.update(_imported(node))
    return sorted(found)


def surface_of(names: list[str]) -> dict[str, dict[str, Any]]:
    """What is there under each name; one whose SDK is not installed says `absent`."""
    return {name: _described(name) for name in names}


def broken(recorded: Surface, found: Surface) -> list[str]:
    """What does not keep the recorded contract, a sentence each. Parameters that may be left out are no breach."""
    said = []
    for name, was in recorded.items():
        now = found.get(name, {"kind": "missing"})
        if "absent" in (was["kind"], now["kind"]):
            continue
        if now["kind"] != was["kind"]:
            said.append(f"{name} was a {was['kind']} and is now {now['kind']}.")
            continue
        before, after = was.get("parameters") or {}, now.get("parameters") or {}
        said += [
            f"{name} takes no {each} any more." for each in before if each not in after and "**" not in after.values()
        ]
        said += [
            f"{name} asks for {each} now." for each, how in after.items() if how == "required" and each not in before
        ]
    return said


def absent(found: Surface) -> list[str]:
    """The SDKs that are not installed."""
    return sorted({name.partition(".")[0] for name, what in found.items() if what["kind"] == "absent"})


def _imported(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.ImportFrom(module=str(module), names=names) if module.partition(".")[0] in SDKS:
            yield from (f"{module}.{each.name}" for each in names)
        case ast.Import(names=names):
            yield from (each.name for each in names if each.name.partition(".")[0] in SDKS)


def _described(name: str) -> dict[str, Any]:
    top = name.partition(".")[0]
    try:
        importlib.import_module(top)
    except ImportError:
        return {"kind": "absent"}
    try:
        found = _resolved(name)
    except (ImportError, AttributeError):
        return {"kind": "missing"}
    if inspect.ismodule(found):
        return {"kind": "module"}
    if not callable(found):
        return {"kind": "value"}
    kind = "class" if inspect.isclass(found) else "function"
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return {"kind": kind}
    return {"kind": kind, "parameters": {each.name: _way(each) for each in parameters if each.name != "self"}}


def _resolved(name: str) -> Any:
    """The object of a dotted name: the longest module in front, then attributes."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ImportError(name)


def _way(parameter: inspect.Parameter) -> str:
    match parameter.kind:
        case inspect.Parameter.VAR_POSITIONAL:
            return "*"
        case inspect.Parameter.VAR_KEYWORD:
            return "**"
        case _:
            return "required" if parameter.default is inspect.Parameter.empty else "optional"


def main(arguments: list[str] | None = None) -> int:
    """Compare, or with --record write down what is there."""
    parser = argparse.ArgumentParser(description="The calls of the providers against an SDK that is installed.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("recorded", type=Path)
    parser.add_argument("--record", action="store_true")
    asked = parser.parse_args(arguments)
    names = names_in(asked.folder)
    found = surface_of(names)
    if asked.record:
        asked.recorded.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        _say(f"Recorded {len(found)} names.")
        return 0
    recorded: Surface = json.loads(asked.recorded.read_text(encoding="utf-8"))
    faults = broken(recorded, found)
    faults += [
        f"{name} is called and not recorded: make provider-contract RECORD=1." for name in names if name not in recorded
    ]
    for each in absent(found):
        _say(f"not looked at, for it is not installed: {each}")
    for fault in faults:
        _say(fault)
    _say(f"{len(recorded)} names, {len(faults)} faults.")
    return 1 if faults else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
