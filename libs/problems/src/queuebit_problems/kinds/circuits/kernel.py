"""Quantum kernel matrices: how much the states of points overlap, for a classifier that is trained on some of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, Strict, ValidationInfo

from queuebit_circuits.circuit import Circuit
from queuebit_circuits.errors import UnfitCircuit
from queuebit_circuits.features import Entanglement, MapName, feature_map, measured, overlap
from queuebit_circuits.pauli import PauliSum
from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number, Sense
from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.errors import OutOfBudget
from queuebit_problems.formats.text import Rows
from queuebit_problems.kind import Answer, Params, Size, Statement
from queuebit_problems.kinds.circuits.kernel_answer import repaired_errors, table_errors
from queuebit_problems.measurement import Device, Effort, Examination, Measured, Measurement, OnStep, Step, Stop
from queuebit_problems.numeric import Real

FEATURES_MAX = 20
TRAIN_MAX = 200
TEST_MAX = 500
CIRCUITS_MAX = 20_000
SHOTS_MAX = 1_000_000
REPETITIONS_MAX = 10
BATCH_MAX = 1_000
"""Circuits in one call to the device."""
PROJECTOR_QUBITS_MAX = 10
"""Up to here the probability of |0...0> is stated as an observable, of 2**qubits strings, for exact values from a device."""

RowNumber = Annotated[int, Strict(), Field(ge=0, le=2**63 - 1)]
Points = tuple[tuple[Real, ...], ...]
Table = list[list[float]]


def _alike(points: Points, info: ValidationInfo) -> Points:
    train = info.data.get("train", points)
    raise_faults("kernel", _point_faults(points, len(train[0]) if train else None))
    return points


def _point_faults(points: Points, features: int | None) -> Iterator[tuple[Place, str, str]]:
    if features is None:
        yield (), "length", "should have at least one point"
    elif not 1 <= features <= FEATURES_MAX:
        yield (0,), "length", f"should have 1 to {FEATURES_MAX} features, not {features}"
    else:
        for place, point in enumerate(points):
            if len(point) != features:
                yield (place,), "length", f"should have {features} features as the first point has, not {len(point)}"


def _few(test: Points, info: ValidationInfo) -> Points:
    test, train = _alike(test, info), len(info.data.get("train", ()))
    circuits = train * (train - 1) // 2 + train * len(test)
    if circuits > CIRCUITS_MAX:
        detail = f"make {circuits} pairs with the train points; at most {CIRCUITS_MAX} are compared"
        raise_faults("kernel", [((), "length", detail)])
    return test


def _every_row(rows: tuple[int, ...] | None, info: ValidationInfo) -> tuple[int, ...] | None:
    if rows is None or not info.data.keys() >= {"train", "test"}:
        return rows
    points = len(info.data["train"]) + len(info.data["test"])
    if len(rows) != points or len(set(rows)) != points:
        raise_faults("kernel", [((), "length", f"should have {points} different rows, those of train first")])
    return rows


class KernelStatement(Statement):
    """Points to train on and points to test, a qubit a feature, and the map that makes states of them."""

    train: Annotated[
        Points,
        AfterValidator(_alike),
        Field(max_length=TRAIN_MAX, description="The points to train on: a list of features each."),
    ]
    test: Annotated[
        Points,
        AfterValidator(_few),
        Field(max_length=TEST_MAX, description="The points to compare with those; may be empty."),
    ] = ()
    feature_map: Annotated[
        MapName, Field(description="zz: phases of single features and of pairs; z: of single ones.")
    ] = "zz"
    entanglement: Annotated[Entanglement, Field(description="Which pairs zz takes: all, or neighbours.")] = "full"
    repetitions: Annotated[int, Strict(), Field(ge=1, le=REPETITIONS_MAX, description="Layers of the map.")] = 2
    shots: Annotated[
        Annotated[int, Strict(), Field(ge=1, le=SHOTS_MAX)] | None,
        Field(description="Runs for each pair of points; null for exact values."),
    ] = None
    rows: Annotated[
        Annotated[tuple[RowNumber, ...], Field(max_length=TRAIN_MAX + TEST_MAX)] | None,
        AfterValidator(_every_row),
        Field(description="Which row of its source each point was, from 0: train points, then test points."),
    ] = None

    @property
    def features(self) -> int:
        return len(self.train[0])

    @property
    def split(self) -> dict[str, list[int]]:
        """The rows of the train and of the test points; numbered through where the source is not stated."""
        rows = self.rows or tuple(range(len(self.train) + len(self.test)))
        return {"train": list(rows[: len(self.train)]), "test": list(rows[len(self.train) :])}

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Which points are compared: train points among each other, then each test point with each train point."""
        train, points = range(len(self.train)), range(len(self.train), len(self.train) + len(self.test))
        return [(i, j) for i in train for j in train if i < j] + [(i, j) for i in points for j in train]

    def maps(self) -> list[Circuit]:
        """The feature map of each point, train points first."""
        return [
            feature_map(point, self.feature_map, self.repetitions, self.entanglement)
            for point in self.train + self.test
        ]


class Kernel(Measurement[KernelStatement]):
    name = "kernel"
    admission_is_linear = True
    title = "Quantum kernel matrix"
    sense: ClassVar[Sense | None] = None
    answer_shape = (
        '{"train": [[k(x, y) of train points] …], "test": [[k(test point, train point)] …], '
        '"split": {"train": [row …], "test": [row …]}, "shots": n or null, where sampled values make train no kernel: '
        '"repaired": {"train": [[the nearest kernel] …], "least_eigenvalue": that of train, "method": "…"}}'
    )
    formats = (
        "a point a line: `train x1 x2 …` or `test x1 x2 …`, separated by blanks or commas",
        'JSON: {"train": [[x1, x2 …] …], "test": […], "feature_map": "zz" or "z", "repetitions", "shots"}',
    )
    params = {
        "feature_map": "zz or z",
        "entanglement": "full or linear",
        "repetitions": "layers of the feature map",
        "shots": "runs for each pair of points; exact values where it is left out",
    }
    statement = KernelStatement

    def from_document(self, document: Mapping[str, Any], *, params: Params | None = None) -> Mapping[str, Any] | None:
        train = document.get("train")
        if not isinstance(train, list) or not all(isinstance(point, list) for point in train):
            return None
        return {**document, **{name: value for name, value in (params or {}).items() if name in self.params}}

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> KernelStatement:
        rows = Rows(text.replace(",", " "), file_name=file_name, remedy=f"Kernel reads {self.formats[0]}.")
        points: dict[str, list[tuple[int, list[Number]]]] = {"train": [], "test": []}
        features = 0
        for number, row in enumerate(rows):
            part, *values = row.tokens
            if part not in points:
                raise rows.error(row, "a point should start with train or test")
            features = features or len(values)
            if not 1 <= len(values) == features <= FEATURES_MAX:
                wanted = features if 1 <= features <= FEATURES_MAX else f"1 to {FEATURES_MAX}"
                raise rows.error(row, f"a point should have {wanted} features, not {len(values)}")
            most = TRAIN_MAX if part == "train" else TEST_MAX
            if len(points[part]) == most:
                raise rows.error(row, f"there should be at most {most} {part} points")
            points[part].append((number, [rows.number(row, value, "a feature") for value in values]))
        if not points["train"]:
            rows.take("a train point")
        chosen = {name: value for name, value in (params or {}).items() if name in self.params}
        split = [number for part in points.values() for number, _ in part]
        stated = {part: [point for _, point in found] for part, found in points.items()}
        return self.parse({**stated, "rows": split, **chosen})

    def recognises(self, text: str) -> bool:
        lines = [line.replace(",", " ").split() for line in text[:100_000].splitlines()[:100]]
        return any(lines) and all(not line or line[0][0] in "#%" or line[0] in ("train", "test") for line in lines)

    def size(self, statement: KernelStatement) -> Size:
        train = len(statement.train)
        return Size(statement.features, statement.features, train * (train - 1) // 2 + train * len(statement.test))

    def answer_errors(self, statement: KernelStatement, answer: Answer) -> list[FieldError]:
        train = len(statement.train)
        errors = table_errors(answer, "train", train, train) + table_errors(answer, "test", len(statement.test), train)
        if answer.get("split") != statement.split:
            errors.append(
                FieldError("/split", "split", "should be the rows of the train and of the test points, as stated")
            )
        errors += repaired_errors(answer, train)
        if answer.get("shots", 0) not in (None, statement.shots):
            errors.append(FieldError("/shots", "shots", f"should be {statement.shots or 'null'}; null says exact"))
        return errors

    def measure(
        self, statement: KernelStatement, device: Device, effort: Effort, on_step: OnStep, stop: Stop
    ) -> Measured:
        """By as few calls as BATCH_MAX allows, each pair a circuit; the diagonal is 1 by definition.

        Where the runs make the train matrix no kernel, the nearest one stands beside it. Raises OutOfBudget where it ends
        before all pairs are measured: a part of a matrix is no answer.
        """
        from queuebit_problems.measuring.positive import repair

        maps, pairs = statement.maps(), statement.pairs
        end, values = time.monotonic() + effort.budget_s, list[float]()
        circuits = [overlap(maps[i], maps[j]) for i, j in pairs]
        for begin in range(0, len(pairs), BATCH_MAX):
            if begin and (stop() or time.monotonic() >= end):
                raise OutOfBudget(
                    f"The budget ended after {begin} of {len(pairs)} pairs of points.",
                    remedy="State fewer points or shots, or a larger budget.",
                )
            batch = circuits[begin : begin + BATCH_MAX]
            values += _returned(batch, device, statement.shots, effort.seed + begin)
            on_step(Step(1, detail=f"{len(values)} of {len(pairs)} pairs"))
        answer = _answer(statement, values)
        found = None if statement.shots is None else repair(answer["train"])
        return Measured(
            answer if found is None else {**answer, "repaired": found},
            None,
            f"overlap circuits on {device.name}",
            shots=(statement.shots or 0) * len(pairs),
            circuits=tuple(maps),
            evidence={"pairs": len(pairs), "feature_map": statement.feature_map, "repetitions": statement.repetitions},
        )

    def exact(self, statement: KernelStatement, effort: Effort) -> Measured | None:
        from queuebit_problems.measuring.kernels import exact_kernels

        del effort
        maps = statement.maps()
        found = exact_kernels(maps[: len(statement.train)], maps[len(statement.train) :])
        if found is None:
            return None
        answer = {"train": found[0].tolist(), "test": found[1].tolist(), "split": statement.split, "shots": None}
        return Measured(answer, None, "state vectors", circuits=tuple(maps))

    def examine(self, statement: KernelStatement, answer: Answer) -> Examination:
        from queuebit_problems.measuring.kernels import exact_kernels, kernel_tests, repair_tests

        maps = statement.maps()
        exact = exact_kernels(maps[: len(statement.train)], maps[len(statement.train) :])
        tests = kernel_tests(answer["train"], answer["test"], answer["shots"], exact)
        return Examination(exact is not None, tests + repair_tests(answer["train"], answer.get("repaired")))

    def example(self) -> KernelStatement:
        """Three points to train on and one to test, of two features."""
        return KernelStatement(train=((0.1, 0.4), (0.8, 1.2), (2.0, 0.3)), test=((0.7, 1.1),), shots=1000)


def _returned(circuits: Sequence[Circuit], device: Device, shots: int | None, seed: int) -> list[float]:
    """How often each circuit ends in |0...0>."""
    qubits = circuits[0].qubits
    if shots is not None:
        found = device.counts([measured(circuit) for circuit in circuits], shots=shots, seed=seed)
        return [counts.get("0" * qubits, 0) / shots for counts in found]
    if qubits > PROJECTOR_QUBITS_MAX:
        raise UnfitCircuit(
            f"A device gives exact kernels of at most {PROJECTOR_QUBITS_MAX} features, not {qubits}.",
            remedy="State shots.",
        )
    weight = 1 / (1 << qubits)
    strings = (format(bits, f"0{qubits}b").replace("0", "I").replace("1", "Z") for bits in range(1 << qubits))
    projector = PauliSum(qubits, tuple((weight, letters) for letters in strings))
    estimates = device.expectations(circuits, projector, shots=None, seed=seed)
    return [min(1.0, max(0.0, estimate.value)) for estimate in estimates]


def _answer(statement: KernelStatement, values: Sequence[float]) -> Answer:
    size = len(statement.train)
    train: Table = [[1.0] * size for _ in range(size)]
    test: Table = [[0.0] * size for _ in statement.test]
    for (i, j), value in zip(statement.pairs, values, strict=True):
        if i < size:
            train[i][j] = train[j][i] = value
        else:
            test[i - size][j] = value
    return {"train": train, "test": test, "split": statement.split, "shots": statement.shots}


KIND = Kernel()
