"""An experiment loop: parameters of a circuit are trained, one batched job an iteration, and nothing is paid for twice.

Two tasks: `vqe` seeks the least energy of a hydrogen molecule, `classify` tells points inside a circle from those outside. Each
iteration asks for all points of the parameter-shift rule (Mitarai et al. 2018, arXiv:1803.00745) in one `circuit_batch` job,
whose key is made of the run and the iteration: killed and started again, the loop goes on from its checkpoint, and an
iteration that was under way is the same job. A run's folder holds the checkpoint, a line of metrics an iteration, the split of
the data, and a model card; `--mlflow URI` sends the same to MLflow.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import hypot, pi, sqrt
from pathlib import Path
from random import Random
from typing import Any, Protocol

from reach import arguments, opened
from tracking import card_of, export_to_mlflow

from queuebit_client.asynchronous import AsyncQueuebit

SHIFT = pi / 2
HYDROGEN = [[-1.052373, "II"], [0.397937, "IZ"], [-0.397937, "ZI"], [-0.011280, "ZZ"], [0.180931, "XX"]]
"""H2 at 0.735 angstrom in STO-3G, two qubits by parity mapping, in hartree, without the repulsion of the nuclei."""
LEAST = -1.857275
CIRCUIT = """OPENQASM 3.0;
include "stdgates.inc";
{inputs}
qubit[2] q;
{encoding}
ry(t0) q[0]; ry(t1) q[1];
cx q[0], q[1];
ry(t2) q[0]; ry(t3) q[1];
"""
PARAMETERS = ("t0", "t1", "t2", "t3")
Points = list[dict[str, float]]


@dataclass(frozen=True)
class State:
    """Where the training stands after `iteration` iterations: all that the next one needs (Kingma and Ba 2015)."""

    iteration: int
    parameters: tuple[float, ...]
    first: tuple[float, ...] = (0.0,) * 4
    second: tuple[float, ...] = (0.0,) * 4
    jobs: tuple[str, ...] = ()
    losses: tuple[float, ...] = field(default=())


class Task(Protocol):
    """What is trained: which points an iteration asks for, and what their values say."""

    qasm: str
    observable: dict[str, Any]

    def points(self, shifted: Sequence[tuple[float, ...]]) -> Points: ...

    def loss(self, values: Sequence[Sequence[float]]) -> tuple[float, list[float]]: ...


class Vqe:
    """The least energy. The loss is the energy."""

    qasm = CIRCUIT.format(inputs="".join(f"input float {name};" for name in PARAMETERS), encoding="x q[0];")
    observable = {"qubits": 2, "terms": HYDROGEN, "unit": "hartree"}

    def points(self, shifted: Sequence[tuple[float, ...]]) -> Points:
        return [dict(zip(PARAMETERS, each, strict=True)) for each in shifted]

    def loss(self, values: Sequence[Sequence[float]]) -> tuple[float, list[float]]:
        energies = [each[0] for each in values]
        return energies[0], [(up - down) / 2 for up, down in zip(energies[1::2], energies[2::2], strict=True)]


class Classify:
    """Whether a point lies in a circle. The loss is the mean square of the first qubit's error in training."""

    qasm = CIRCUIT.format(
        inputs="".join(f"input float {name};" for name in ("x0", "x1", *PARAMETERS)),
        encoding="ry(x0) q[0]; ry(x1) q[1];",
    )
    observable = {"qubits": 2, "terms": [[1.0, "ZI"]], "unit": ""}

    def __init__(self, seed: int, count: int = 24) -> None:
        chance = Random(seed)
        self.data = [(chance.uniform(-pi, pi), chance.uniform(-pi, pi)) for _ in range(count)]
        self.wanted = [1.0 if hypot(*each) < pi / sqrt(2) * 1.1 else -1.0 for each in self.data]
        order = chance.sample(range(count), count)
        self.train, self.test = order[: count * 2 // 3], order[count * 2 // 3 :]

    def points(self, shifted: Sequence[tuple[float, ...]]) -> Points:
        return [self._point(which, each) for each in shifted for which in self.train]

    def loss(self, values: Sequence[Sequence[float]]) -> tuple[float, list[float]]:
        count = len(self.train)
        rows = [[each[0] for each in values[at : at + count]] for at in range(0, len(values), count)]
        wrong = [said - self.wanted[which] for said, which in zip(rows[0], self.train, strict=True)]
        slopes = [
            sum(2 * miss * (up - down) / 2 for miss, up, down in zip(wrong, ups, downs, strict=True)) / count
            for ups, downs in zip(rows[1::2], rows[2::2], strict=True)
        ]
        return sum(miss * miss for miss in wrong) / count, slopes

    def tested(self, parameters: tuple[float, ...]) -> Points:
        """The points that training never saw."""
        return [self._point(which, parameters) for which in self.test]

    def _point(self, which: int, parameters: Sequence[float]) -> dict[str, float]:
        return {"x0": self.data[which][0], "x1": self.data[which][1], **dict(zip(PARAMETERS, parameters, strict=True))}


def shifted(parameters: tuple[float, ...]) -> list[tuple[float, ...]]:
    """The parameters, then each of them up and down."""
    moved = [parameters]
    for place in range(len(parameters)):
        for step in (SHIFT, -SHIFT):
            moved.append((*parameters[:place], parameters[place] + step, *parameters[place + 1 :]))
    return moved


def stepped(state: State, slopes: Sequence[float], loss: float, job: str, rate: float = 0.2) -> State:
    """One step of Adam."""
    number = state.iteration + 1
    first = tuple(0.8 * old + 0.2 * slope for old, slope in zip(state.first, slopes, strict=True))
    second = tuple(0.95 * old + 0.05 * slope**2 for old, slope in zip(state.second, slopes, strict=True))
    moved = tuple(
        value - rate * (one / (1 - 0.8**number)) / (sqrt(two / (1 - 0.95**number)) + 1e-8)
        for value, one, two in zip(state.parameters, first, second, strict=True)
    )
    return State(number, moved, first, second, (*state.jobs, job), (*state.losses, loss))


async def measured(
    client: AsyncQueuebit, task: Task, points: Points, *, key: str, shots: int | None
) -> tuple[list[list[float]], str]:
    """The value of every point, from one job. Raises RuntimeError where the answer was not accepted."""
    parameters = {name: [point[name] for point in points] for name in points[0]}
    pub: dict[str, Any] = {"qasm": task.qasm, "parameters": parameters, "observables": [task.observable]}
    problem = {"kind": "circuit_batch", "statement": {"pubs": [pub if shots is None else {**pub, "shots": shots}]}}
    job = await client.wait((await client.submit(problem, key=key, lane="simulator")).id)
    if job.verdict != "accepted" or job.answer is None:
        raise RuntimeError(f"job {job.id}: {job.verdict or job.state}: {'; '.join(job.reasons)}")
    return [[entry["value"]] for entry in job.answer["results"][0]], str(job.id)


def keep(folder: Path, state: State) -> None:
    """Write the checkpoint in one step, then the metrics that it implies."""
    part = folder / "checkpoint.part"
    part.write_text(json.dumps(asdict(state)))
    part.replace(folder / "checkpoint.json")
    lines = [
        json.dumps({"iteration": number, "loss": loss, "job": job})
        for number, (loss, job) in enumerate(zip(state.losses, state.jobs, strict=True), start=1)
    ]
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")


def begun(folder: Path, seed: int) -> State:
    """Where the run of a folder stands; a new one begins near zero."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "checkpoint.json"
    if not kept.exists():
        chance = Random(seed)
        return State(0, tuple(chance.uniform(-0.5, 0.5) for _ in PARAMETERS))
    told: dict[str, Any] = json.loads(kept.read_text())
    state = State(**{name: tuple(value) if isinstance(value, list) else value for name, value in told.items()})
    print(f"goes on after iteration {state.iteration}")
    return state


async def trained(
    client: AsyncQueuebit, task: Task, folder: Path, *, iterations: int, shots: int | None, seed: int
) -> State:
    """Train from the checkpoint of the folder, or from the beginning."""
    state = begun(folder, seed)
    while state.iteration < iterations:
        points = task.points(shifted(state.parameters))
        values, job = await measured(client, task, points, key=f"{folder.name}-{seed}-{state.iteration}", shots=shots)
        loss, slopes = task.loss(values)
        state = stepped(state, slopes, loss, job)
        keep(folder, state)
    return state


async def concluded(client: AsyncQueuebit, task: Task, state: State, folder: Path, options: Any) -> dict[str, Any]:
    """What came of it, also on what training never saw; the card of the model is written."""
    result: dict[str, Any] = {"loss": state.losses[-1], "iterations": state.iteration}
    if isinstance(task, Classify):
        split = {"seed": options.seed, "train": sorted(task.train), "test": sorted(task.test)}
        (folder / "split.json").write_text(json.dumps(split) + "\n")
        key = f"{folder.name}-{options.seed}-test"
        said, _ = await measured(client, task, task.tested(state.parameters), key=key, shots=options.shots)
        right = sum(value[0] * task.wanted[which] > 0 for value, which in zip(said, task.test, strict=True))
        result["test_accuracy"] = right / len(task.test)
    else:
        result["above_the_least"] = state.losses[-1] - LEAST
    last = await client.get(state.jobs[-1])
    (folder / "card.md").write_text(card_of(options, task.qasm, state.parameters, result, last))
    return result


async def main() -> None:
    parser = arguments(str(__doc__).partition("\n")[0])
    parser.add_argument("task", choices=("vqe", "classify"))
    parser.add_argument(
        "--run", type=Path, default=Path("run"), help="the folder of the run; its name is part of the keys"
    )
    parser.add_argument("--iterations", type=int, default=30)
    parser.add_argument("--shots", type=int, help="runs of each circuit; exact values where it is left out")
    parser.add_argument("--seed", type=int, default=1, help="of the first parameters, and of the split of the data")
    parser.add_argument("--mlflow", metavar="URI", help="also send the run to this MLflow server")
    options = parser.parse_args()
    task: Task = Vqe() if options.task == "vqe" else Classify(options.seed)
    async with opened(here=options.here) as client:
        kept = {"iterations": options.iterations, "shots": options.shots, "seed": options.seed}
        state = await trained(client, task, options.run, **kept)
        result = await concluded(client, task, state, options.run, options)
    if options.mlflow:
        export_to_mlflow(options.mlflow, options.run, vars(options), state.losses, result)
    print(" ".join(f"{name}={value:.6g}" for name, value in result.items()))


if __name__ == "__main__":
    asyncio.run(main())
