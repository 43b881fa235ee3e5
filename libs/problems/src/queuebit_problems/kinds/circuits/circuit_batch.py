"""Many circuits in one job: each with sets of parameters and with observables, results by their places."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, ClassVar

from queuebit_circuits.circuit import Circuit, length_of
from queuebit_circuits.cost import UPDATES_MAX, affordable, updates
from queuebit_circuits.pauli import bases
from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Sense
from queuebit_problems.checks import FAULTS_MAX
from queuebit_problems.errors import OutOfBudget, UnreadableFile
from queuebit_problems.kind import Answer, Params, Size
from queuebit_problems.kinds.circuits.circuit_batch_statement import CircuitBatchStatement, Entry
from queuebit_problems.kinds.circuits.circuit_sampling import BELL, noise_of, sampled
from queuebit_problems.kinds.circuits.circuit_sampling import KIND as SAMPLING
from queuebit_problems.kinds.circuits.circuit_sampling_statement import CircuitSamplingStatement
from queuebit_problems.kinds.circuits.expectation import ATTEMPTS_MAX
from queuebit_problems.kinds.circuits.expectation import KIND as EXPECTATION
from queuebit_problems.kinds.circuits.value_answer import answer_of
from queuebit_problems.measurement import Device, Effort, Examination, Measured, Measurement, OnStep, Step, Stop, Test

WORK_MAX = 2 * UPDATES_MAX
"""Amplitudes that exact computation writes and reads for all entries: about twenty seconds of one processor."""
SHAPE = (
    '{"pubs": [{"qasm", "parameters": {name: [value of each set]}, "observables": [{"qubits", "terms"}], "shots"} …]}'
)


class CircuitBatch(Measurement[CircuitBatchStatement]):
    name = "circuit_batch"
    title = "Circuits by observables by parameters"
    sense: ClassVar[Sense | None] = None
    answer_shape = (
        '{"results": [of each pub a list: of each set of parameters {"counts", "shots"}, or of each set and observable '
        '{"value", "std_error", "unit"}, the sets one after the other]}, entries as circuit_sampling and expectation state them'
    )
    formats = (f"JSON: {SHAPE}",)
    params = {
        "target": "the machine that the simulator stands in for: exact, or a device with its noise, as fake_sherbrooke",
        "reference": "noise or ideal: what the answer of a machine with noise is held against; noise where it is left out",
    }
    statement = CircuitBatchStatement

    def from_document(self, document: Mapping[str, Any], *, params: Params | None = None) -> Mapping[str, Any] | None:
        del params
        return dict(document) if isinstance(document.get("pubs"), list) else None

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> CircuitBatchStatement:
        del text, params
        raise UnreadableFile(f"{file_name or 'the file'} is no JSON object with pubs.", remedy=f"Write {SHAPE}.")

    def assumptions(self, statement: CircuitBatchStatement) -> tuple[str, ...]:
        told = [line for entry in statement.entries for line in _kind(entry).assumptions(entry.element)]
        return tuple(dict.fromkeys(told))

    def size(self, statement: CircuitBatchStatement) -> Size:
        """The widest circuit, and the operations of all."""
        circuits = [entry.circuit for entry in statement.entries]
        qubits = max(circuit.qubits for circuit in circuits)
        return Size(qubits, qubits, sum(length_of(circuit.operations) for circuit in circuits))

    def answer_errors(self, statement: CircuitBatchStatement, answer: Answer) -> list[FieldError]:
        results = answer.get("results")
        shape = [len(pub.places) for pub in statement.pubs]
        if not isinstance(results, list) or not all(isinstance(each, list) for each in results):
            return [FieldError("/results", "list_type", "should be a list of lists, one for each pub")]
        if [len(each) for each in results] != shape:
            return [FieldError("/results", "length", f"should have {shape} entries, pub by pub")]
        found: list[FieldError] = []
        for entry in statement.entries:
            part, where = results[entry.pub][entry.number], f"/results/{entry.pub}/{entry.number}"
            if not isinstance(part, dict):
                found.append(FieldError(where, "dict_type", "should be an object"))
            else:
                errors = _kind(entry).answer_errors(entry.element, part)
                found += [FieldError(where + each.pointer, each.code, each.detail) for each in errors]
            if len(found) >= FAULTS_MAX:
                break
        return found[:FAULTS_MAX]

    def measure(
        self, statement: CircuitBatchStatement, device: Device, effort: Effort, on_step: OnStep, stop: Stop
    ) -> Measured:
        """What has the same shots, and the same observable, goes to the device at once; towards a precision each by itself.

        Raises OutOfBudget where it ends before all are measured: some of the results are no answer.
        """
        end, entries = time.monotonic() + effort.budget_s, statement.entries
        shots, alone = 0, 0
        results: dict[int, Answer] = {}
        for group in _groups(entries):
            if results and (stop() or time.monotonic() >= end):
                raise OutOfBudget(
                    f"The budget ended after {len(results)} of {len(entries)} results.",
                    remedy="State fewer circuits, parameters or shots, or a larger budget.",
                )
            asked = [entries[each] for each in group]
            for place, (answer, runs) in zip(group, _together(asked, device, effort, alone), strict=True):
                results[place] = answer
                shots += runs
            alone += _is_alone(asked[0])
            on_step(Step(1, detail=f"{len(results)} of {len(entries)} results"))
        return _measured(
            statement, [results[place] for place in range(len(entries))], f"circuits on {device.name}", shots
        )

    def exact(self, statement: CircuitBatchStatement, effort: Effort) -> Measured | None:
        """By exact computation, entry by entry; None where one of them, or all together, are too large."""
        results, shots = list[Answer](), 0
        if len(_computed(statement.entries)) < len(statement.entries):
            return None
        for entry in statement.entries:
            found = _kind(entry).exact(entry.element, effort)
            if found is None:
                return None
            results.append(found.answer)
            shots += found.shots
        return _measured(statement, results, "exact computation of each", shots)

    def examine(self, statement: CircuitBatchStatement, answer: Answer) -> Examination:
        """Each entry by the tests of its own kind; of each test the worst of all entries is told. What is more work than
        WORK_MAX is not computed again.
        """
        tests: dict[str, list[tuple[Entry, Test]]] = {}
        computed = _computed(statement.entries)
        exact = len(computed) == len(statement.entries)
        for entry in computed:
            found = _kind(entry).examine(entry.element, answer["results"][entry.pub][entry.number])
            exact = exact and found.exact
            for test in found.tests:
                tests.setdefault(test.name, []).append((entry, test))
        return Examination(exact, tuple(_worst(each) for each in tests.values()))

    def example(self) -> CircuitBatchStatement:
        """A Bell pair that is sampled, and a rotation by two angles whose Z is measured: 1 and 0."""
        turned = 'OPENQASM 3.0; include "stdgates.inc"; input float theta; qubit[1] q; ry(theta) q[0];'
        return self.parse(
            {
                "pubs": [
                    {"qasm": BELL, "shots": 1000},
                    {
                        "qasm": turned,
                        "parameters": {"theta": [0.0, 1.5707963267948966]},
                        "observables": [{"qubits": 1, "terms": [[1.0, "Z"]]}],
                    },
                ]
            }
        )


def _computed(entries: Sequence[Entry]) -> list[Entry]:
    """Those that are computed exactly: each that fits into what is left of WORK_MAX; one that is too large takes nothing."""
    found, left = list[Entry](), WORK_MAX
    for entry in entries:
        work = _work(entry)
        if work <= left:
            found.append(entry)
            left -= work
    return found


def _work(entry: Entry) -> int:
    circuit, element = entry.circuit, entry.element
    if not affordable(circuit):
        return 0
    if isinstance(element, CircuitSamplingStatement):
        return updates(circuit)
    return 2 * (updates(circuit) + (len(element.sum.terms) << circuit.qubits))


def _groups(entries: Sequence[Entry]) -> list[list[int]]:
    """The places of entries that one call to a device answers."""
    found: dict[Hashable, list[int]] = {}
    for place, entry in enumerate(entries):
        element = entry.element
        key: Hashable
        if _is_alone(entry):
            key = ("alone", place)
        elif isinstance(element, CircuitSamplingStatement):
            key = ("counts", element.runs)
        else:
            key = ("value", element.shots, element.sum)
        found.setdefault(key, []).append(place)
    return list(found.values())


def _together(group: Sequence[Entry], device: Device, effort: Effort, earlier: int) -> list[tuple[Answer, int]]:
    """The answers of a group, and how many runs each took. `earlier`: how many that go to a device alone stand before it, so
    that two alike are two samples.
    """
    first, circuits = group[0].element, [entry.circuit for entry in group]
    if isinstance(first, CircuitSamplingStatement):
        found = device.counts(circuits, shots=first.runs, seed=effort.seed)
        asked = [entry.element for entry in group if isinstance(entry.element, CircuitSamplingStatement)]
        return [
            (sampled(each, counts, *noise), first.runs)
            for each, counts, noise in zip(asked, found, noise_of(device, len(found)), strict=True)
        ]
    if first.precision is not None:
        own = replace(effort, seed=effort.seed + ATTEMPTS_MAX * earlier)
        alone = EXPECTATION.measure(first, device, own, _quiet, lambda: False)
        return [(alone.answer, alone.shots)]
    runs = (first.shots or 0) * len(bases(first.sum))
    estimates = device.expectations(circuits, first.sum, shots=first.shots, seed=effort.seed)
    return [(answer_of(first, each, circuit), runs) for each, circuit in zip(estimates, circuits, strict=True)]


def _is_alone(entry: Entry) -> bool:
    return not isinstance(entry.element, CircuitSamplingStatement) and entry.element.precision is not None


def _quiet(step: Step) -> None:
    """A part of a batch tells nobody how far it is."""
    del step


def _kind(entry: Entry) -> Any:
    return SAMPLING if isinstance(entry.element, CircuitSamplingStatement) else EXPECTATION


def _measured(statement: CircuitBatchStatement, results: Sequence[Answer], method: str, shots: int) -> Measured:
    parts = zip(statement.entries, results, strict=True)
    answer = {"results": [[part for _, part in group] for _, group in groupby(parts, lambda each: each[0].pub)]}
    circuits: tuple[Circuit, ...] = tuple(entry.circuit for entry in statement.entries)
    evidence = {"pubs": len(statement.pubs), "results": len(results)}
    return Measured(answer, None, method, shots=shots, circuits=circuits, evidence=evidence)


def _worst(found: list[tuple[Entry, Test]]) -> Test:
    """One that failed, else the one that came nearest to its limit; the detail says which entry it is of, and of how many."""
    entry, test = max(found, key=lambda each: (not each[1].passed, _strain(each[1])))
    failed = sum(not each.passed for _, each in found)
    many = f"{failed} of {len(found)} entries fail" if failed else f"the worst of {len(found)} entries"
    limit = max(each.limit for _, each in found) if test.name == "range" else test.limit
    return Test(
        test.name, test.statistic, test.low, test.high, limit, test.passed, f"{entry.told}, {many}: {test.detail}"
    )


def _strain(test: Test) -> float:
    return abs(test.statistic) / test.limit if test.limit > 0 else abs(test.statistic)


KIND = CircuitBatch()
