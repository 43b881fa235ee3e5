"""What makes the answer of a sampling unreadable: every field of it against its statement, and the parts against each other."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from queuebit_circuits.circuit import Circuit
from queuebit_contracts.errors import FieldError
from queuebit_problems.checks import FAULTS_MAX
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.circuits.circuit_sampling_statement import CircuitSamplingStatement

SUM_ROUNDING = 1e-6
NOISE_KEYS = ("deviation", "mitigated", "model")


def answer_errors(statement: CircuitSamplingStatement, answer: Answer) -> list[FieldError]:
    counts, shots = answer.get("counts"), answer.get("shots")
    if not isinstance(counts, dict):
        return [FieldError("/counts", "dict_type", "should be an object {bits: how often}")]
    errors = []
    if type(shots) is not int or shots != statement.runs:
        errors.append(FieldError("/shots", "shots", f"should be {statement.runs}, as the statement says"))
    circuit, runs = statement.circuit, statement.runs
    stated = (
        circuit.all_bits(counts) if all(isinstance(key, str) for key in counts) else map(circuit.bits, map(str, counts))
    )
    for (key, number), bits in zip(counts.items(), stated, strict=True):
        if bits is not None and type(key) is str and type(number) is int and 1 <= number <= runs:
            continue
        pointer = f"/counts/{_escaped(key)}"
        if bits is None or not isinstance(key, str):
            errors.append(FieldError(pointer, "bits", f"should be bits in the form {form_of(circuit)}"))
        else:
            errors.append(FieldError(pointer, "count", f"should be a whole number from 1 to {runs}"))
        if len(errors) >= FAULTS_MAX:
            return errors
    if not errors and sum(counts.values()) != statement.runs:
        text = f"should add up to {statement.runs}, not {sum(counts.values())}"
        errors.append(FieldError("/counts", "sum", text))
    return errors or [*_parts_errors(statement, answer), *_noise_errors(statement.circuit, answer)]


def _parts_errors(statement: CircuitSamplingStatement, answer: Answer) -> Iterator[FieldError]:
    """What is told beside the counts says what the counts say."""
    marginals = statement.marginal_counts(answer["counts"])
    if answer.get("marginals", {}) != marginals:
        yield FieldError("/marginals", "marginals", "should be the counts, added up over all bits that are not named")
    memory = answer.get("memory")
    if memory is None and not statement.memory:
        return
    if not isinstance(memory, list) or not all(isinstance(each, str) for each in memory):
        yield FieldError("/memory", "list_type", "should be the outcome of each run")
    elif not statement.memory:
        yield FieldError("/memory", "needless", "should be left out: nobody asked for it")
    elif Counter(memory) != answer["counts"]:
        yield FieldError("/memory", "counts", "should have every outcome as often as it is counted")


def _noise_errors(circuit: Circuit, answer: Answer) -> Iterator[FieldError]:
    if not any(key in answer for key in NOISE_KEYS):
        return
    away, mitigated = answer.get("deviation"), answer.get("mitigated")
    if "model" in answer:
        yield from _shares_errors(circuit, answer["model"], "/model")
    wanted = {"counts", "mitigated", *(("model",) if "model" in answer else ())}
    if not (isinstance(away, dict) and away.keys() == wanted and all(map(_share, away.values()))):
        yield FieldError("/deviation", "deviation", f"should be {', '.join(sorted(wanted))}: numbers from 0 to 1")
    if not isinstance(mitigated, dict):
        yield FieldError("/mitigated", "dict_type", "should be an object, as the deviation is there")
        return
    readout = mitigated.get("readout")
    yield from _shares_errors(circuit, mitigated.get("probabilities"), "/mitigated/probabilities")
    if not _pairs(readout, circuit.clbits):
        yield FieldError("/mitigated/readout", "readout", f"should be {circuit.clbits} pairs of shares")
    if not _share(mitigated.get("std_error")):
        yield FieldError("/mitigated/std_error", "range", "should be a number from 0 to 1")


def _shares_errors(circuit: Circuit, shares: Any, pointer: str) -> Iterator[FieldError]:
    if not isinstance(shares, dict) or not shares:
        yield FieldError(pointer, "dict_type", "should be an object {bits: share}")
    elif not all(circuit.bits(key) is not None and _share(each) for key, each in shares.items()):
        yield FieldError(pointer, "shares", f"should be shares by bits as {form_of(circuit)}")
    elif abs(math.fsum(shares.values()) - 1) > SUM_ROUNDING:
        yield FieldError(pointer, "sum", "should add up to 1")


def _pairs(readout: Any, many: int) -> bool:
    if not isinstance(readout, list) or len(readout) != many:
        return False
    return all(isinstance(each, list) and len(each) == 2 and all(map(_share, each)) for each in readout)


def _share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1 + SUM_ROUNDING


def _escaped(key: Any) -> str:
    return str(key)[:80].replace("~", "~0").replace("/", "~1")


def form_of(circuit: Circuit) -> str:
    """What a key looks like: "011 01" for registers of three and two bits."""
    return repr(" ".join("0" * digits for digits in circuit.layout)[:80])
