"""The answer of an expectation value: how it is made of an estimate, and what makes one unreadable."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from queuebit_circuits.circuit import Circuit
from queuebit_contracts.errors import FieldError
from queuebit_problems.checks import FAULTS_MAX
from queuebit_problems.kind import Answer
from queuebit_problems.kinds.circuits.expectation_statement import SHOTS_MAX, ExpectationStatement
from queuebit_problems.measurement import Estimate

METHOD = "readout errors taken out"
ROUNDING = 1e-9
RAW = ("raw_value", "raw_std_error")
OPTIONAL = ("bias_max", "deviation")
TERM_KEYS = {"string", "value", "variance", "std_error"}


def answer_of(statement: ExpectationStatement, found: Estimate, circuit: Circuit | None = None) -> Answer:
    """`circuit`: the one that was measured, whose exact value tells how far a machine with noise is away."""
    answer: Answer = {"value": found.value, "std_error": found.std_error, "unit": statement.observable.unit}
    if statement.precision is not None and found.shots:
        answer["shots"] = found.shots
    if found.terms:
        answer["terms"] = [
            _term(letters, each) for (_, letters), each in zip(statement.sum.terms, found.terms, strict=True)
        ]
    if found.raw is not None:
        answer |= dict(zip(RAW, (found.raw.value, found.raw.std_error), strict=True))
    if not found.bias_max:
        return answer
    answer["bias_max"] = found.bias_max
    if circuit is not None:
        from queuebit_problems.measuring import references

        exact = references.value_in(circuit, statement.sum)
        answer |= {} if exact is None else {"deviation": found.value - exact}
    if found.mitigated is not None:
        mended = found.mitigated
        answer["mitigated"] = {
            "value": mended.value,
            "std_error": mended.std_error,
            "bias_max": mended.bias_max,
            "method": METHOD,
        }
    return answer


def _term(letters: str, found: tuple[float, float] | None) -> dict[str, Any]:
    """A string by itself is +1 or -1: its variance is that of one run, its standard error that of the mean."""
    if found is None:
        return {"string": letters, "value": None, "variance": None, "std_error": None}
    value, std_error = found
    return {"string": letters, "value": value, "variance": max(0.0, 1 - value**2), "std_error": std_error}


def answer_errors(statement: ExpectationStatement, answer: Answer) -> list[FieldError]:
    raw = RAW if any(key in answer for key in RAW) else ()
    keys = ("value", "std_error", *(key for key in OPTIONAL if key in answer), *raw)
    errors = [error for key in keys if (error := _number_error(answer, key)) is not None]
    if not errors:
        negative = (key for key in keys if key in ("std_error", "bias_max", RAW[1]) and answer[key] < 0)
        errors += [FieldError(f"/{key}", "range", "should not be negative") for key in negative]
    unit = statement.observable.unit
    if answer.get("unit", "") != unit:
        errors.append(FieldError("/unit", "unit", f"should be {unit!r}"))
    errors += _parameter_errors(statement, answer)
    return [*errors, *_shots_errors(statement, answer), *_term_errors(statement, answer), *_mitigated_errors(answer)]


def _shots_errors(statement: ExpectationStatement, answer: Answer) -> Iterator[FieldError]:
    if "shots" not in answer:
        return
    shots = answer["shots"]
    if statement.precision is None:
        yield FieldError("/shots", "needless", "should be left out where no precision is stated")
    elif type(shots) is not int or not 1 <= shots <= SHOTS_MAX:
        yield FieldError("/shots", "range", f"should be a whole number from 1 to {SHOTS_MAX}")


def _term_errors(statement: ExpectationStatement, answer: Answer) -> Iterator[FieldError]:
    terms = answer.get("terms")
    if terms is None and not statement.per_term:
        return
    if not statement.per_term:
        yield FieldError("/terms", "needless", "should be left out: nobody asked for them")
    elif not isinstance(terms, list) or not all(isinstance(each, dict) and each.keys() == TERM_KEYS for each in terms):
        yield FieldError("/terms", "list_type", "should be a list of {string, value, variance, std_error}")
    elif [each["string"] for each in terms] != [letters for _, letters in statement.sum.terms]:
        yield FieldError("/terms", "strings", "should have the strings of the observable, in their order")
    else:
        for place, each in enumerate(terms):
            numbers = [each[key] for key in ("value", "variance", "std_error")]
            measured = all(type(number) in (int, float) and abs(number) <= 1 + ROUNDING for number in numbers)
            zero = statement.sum.terms[place][0] == 0 and numbers == [None, None, None]
            if not measured and not zero:
                yield FieldError(f"/terms/{place}", "number", "should have numbers from -1 to 1")
            elif measured and abs(each["variance"] - max(0.0, 1 - each["value"] ** 2)) > ROUNDING:
                yield FieldError(f"/terms/{place}/variance", "variance", "should be 1 less the square of the value")
            elif measured and each["std_error"] < 0:
                yield FieldError(f"/terms/{place}/std_error", "range", "should not be negative")


def _mitigated_errors(answer: Answer) -> Iterator[FieldError]:
    if "mitigated" not in answer:
        return
    mitigated = answer["mitigated"]
    if not isinstance(mitigated, dict):
        yield FieldError("/mitigated", "dict_type", "should be an object {value, std_error, bias_max}")
        return
    for key in ("value", "std_error", "bias_max"):
        error = _number_error(mitigated, key)
        if error is not None or (key != "value" and mitigated[key] < 0):
            yield FieldError(f"/mitigated/{key}", "number", "should be a finite number")


def _number_error(answer: Answer, key: str) -> FieldError | None:
    if key not in answer:
        return FieldError(f"/{key}", "missing", "is missing; it should be a number")
    value = answer[key]
    if type(value) not in (int, float) or not math.isfinite(value):
        return FieldError(f"/{key}", "number", "should be a finite number")
    return None


def _parameter_errors(statement: ExpectationStatement, answer: Answer) -> list[FieldError]:
    parameters = answer.get("parameters")
    if parameters is None:
        return []
    if statement.circuit is not None:
        return [FieldError("/parameters", "needless", "should be left out where a circuit is stated")]
    wanted = statement.states.parameters
    if not isinstance(parameters, list | tuple):
        return [FieldError("/parameters", "list_type", "should be a list")]
    if len(parameters) != wanted:
        return [FieldError("/parameters", "length", f"should have {wanted} values, not {len(parameters)}")]
    wrong = [k for k, each in enumerate(parameters) if type(each) not in (int, float) or not math.isfinite(each)]
    return [FieldError(f"/parameters/{k}", "number", "should be a finite number") for k in wrong[:FAULTS_MAX]]
