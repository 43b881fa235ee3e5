"""Programs as Braket's own simulator runs them, and what a device says that it can."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

SIMULATOR = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
MACHINE = "arn:aws:braket:us-east-1::device/qpu/loopback/one"
PROGRAM, SET = "braket.ir.openqasm.program", "braket.ir.openqasm.program_set"
SHOT_USD, MINUTE_USD = 0.00145, 0.075
GATES_OF_MACHINE = ("h", "x", "rx", "ry", "rz", "cz", "cnot", "i")


def executed(asked: Mapping[str, Any], arn: str) -> dict[str, bytes]:
    """Run the action of a task. Raises ValueError or what the simulator raises."""
    from braket.default_simulator import StateVectorSimulator
    from braket.ir.openqasm import Program
    from braket.ir.openqasm.program_set_v1 import ProgramSet

    action = json.loads(asked["action"])
    kind, shots = action["braketSchemaHeader"]["name"], int(asked["shots"])
    simulator = StateVectorSimulator()
    if kind == PROGRAM:
        result = simulator.run(Program.parse_raw(asked["action"]), shots=shots)
        result.taskMetadata.id, result.taskMetadata.deviceId = arn, asked["deviceArn"]
        return {"results.json": result.json().encode()}
    if kind != SET:
        raise ValueError(f"There is no action {kind}.")
    result = simulator.run(ProgramSet.parse_raw(asked["action"]), shots=shots)
    return _apart(json.loads(result.json()), asked, arn)


def _apart(result: dict[str, Any], asked: Mapping[str, Any], arn: str) -> dict[str, bytes]:
    """A set's result as Braket stores it: the outcomes in files of their own, under paths relative to what names them."""
    files: dict[str, bytes] = {}
    folder = f"{asked['outputS3KeyPrefix']}/{arn.rpartition('/')[2]}"
    for place, program in enumerate(result["programResults"]):
        for number, executable in enumerate(program["executableResults"]):
            files[f"programs/{place}/executables/{number}.json"] = json.dumps(executable).encode()
        names = [f"executables/{number}.json" for number in range(len(program["executableResults"]))]
        files[f"programs/{place}/program.json"] = json.dumps(program["source"]).encode()
        told = {**program, "executableResults": names, "source": "program.json"}
        files[f"programs/{place}/results.json"] = json.dumps(told).encode()
    paths = [f"programs/{place}/results.json" for place in range(len(result["programResults"]))]
    files["metadata.json"] = json.dumps(result["taskMetadata"]).encode()
    location = [asked["outputS3Bucket"], folder]
    whole = {**result, "programResults": paths, "taskMetadata": "metadata.json", "s3Location": location}
    files["results.json"] = json.dumps(whole).encode()
    return files


def devices() -> dict[str, dict[str, Any]]:
    """A simulator that takes sets of programs, and a machine that takes one at a time, in few gates, at a price a shot."""
    return {
        SIMULATOR: _device(SIMULATOR, "SV1", "SIMULATOR", 16),
        MACHINE: _device(MACHINE, "One", "QPU", 8),
    }


def _device(arn: str, name: str, kind: str, qubits: int) -> dict[str, Any]:
    from braket.default_simulator import StateVectorSimulator

    told: dict[str, Any] = json.loads(StateVectorSimulator().properties.json())
    told["paradigm"]["qubitCount"] = qubits
    told["service"]["shotsRange"] = [1, 100_000]
    if kind == "QPU":
        del told["action"][SET]
        told["action"][PROGRAM]["supportedOperations"] = list(GATES_OF_MACHINE)
        told["service"]["deviceCost"] = {"price": SHOT_USD, "unit": "shot"}
    else:
        told["service"]["deviceCost"] = {"price": MINUTE_USD, "unit": "minute"}
    return {
        "deviceArn": arn,
        "deviceName": name,
        "deviceType": kind,
        "providerName": "Loopback",
        "deviceStatus": "ONLINE",
        "deviceCapabilities": json.dumps(told),
        "deviceQueueInfo": [{"queue": "QUANTUM_TASKS_QUEUE", "queueSize": "0", "queuePriority": "Normal"}],
    }
