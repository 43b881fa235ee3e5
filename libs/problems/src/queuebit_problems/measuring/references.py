"""Exact references for expectation values, and the tests of an answer against them.

This module needs numpy: only what computes imports it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from queuebit_circuits.ansatz import Group
from queuebit_circuits.circuit import Circuit
from queuebit_circuits.cost import affordable
from queuebit_circuits.operators import Lowest, Sector, expectation, lowest, variances
from queuebit_circuits.pauli import PauliSum, bases, error_floor
from queuebit_circuits.simulator import State, statevector
from queuebit_problems.measurement import Examination, Test
from queuebit_problems.measuring.sampling_error import WIDTH_95, deviation_max, error_slack

ROUNDING = 1e-9
"""How far two exact computations may be apart, as a part of the observable's spread."""
OPTIMUM_TOLERANCE = 1e-6
"""In the observable's unit: an energy so close to the lowest eigenvalue is the least one."""
WORK_MAX = 1 << 28
"""Amplitudes times Pauli strings that an examination looks at."""
BASES_TERMS_MAX = 3_000
LEAST_ERROR = 0.7
"""Of the error of runs that all read the largest value: that of runs which all read 0."""
ERROR_FACTOR = 3.0
"""How far a standard error may be from the expected ones by the choice of bases alone."""


def value_in(circuit: Circuit, observable: PauliSum) -> float | None:
    """The expectation value in the final state of a circuit; None where it is too large."""
    state = _state(circuit, observable)
    return None if state is None else expectation(state, observable)


def lowest_of(observable: PauliSum, groups: Sequence[Group]) -> Lowest | None:
    """The lowest eigenvalue among the states with these numbers of ones; None where there are too many."""
    return lowest(observable, Sector(tuple(groups)))


def value_tests(
    circuit: Circuit,
    observable: PauliSum,
    shots: int | None,
    value: float,
    std_error: float,
    *,
    corrected: bool = False,
) -> tuple[Test, ...]:
    """Whether a value could come from the final state of the circuit, and its standard error from so many runs of each basis.

    With a standard error of 0 it may be the exact value, whatever the shots. A value that was `corrected` for the errors of a
    machine has a larger error than its runs, up to the range of the observable. Where the state is too large to compute, only
    whether the value lies in the observable's range.
    """
    inside = _range_test(observable, value, std_error)
    state = _state(circuit, observable)
    if state is None:
        return (inside,)
    exact = expectation(state, observable)
    rounding = ROUNDING * max(1.0, observable.spread)
    if shots is None or (std_error == 0 and abs(value - exact) <= rounding):
        limit = rounding + deviation_max(std_error**2, 0.0)
        return inside, _value_test(value - exact, std_error, limit, exact)
    shared, separate = (each / shots for each in variances(state, observable))
    largest, together = _steps(observable, shots)
    limit = rounding + deviation_max(max(shared, std_error**2), largest)
    slack = error_slack(together, shots) + rounding
    low = (min(math.sqrt(shared), math.sqrt(separate)) - slack) / ERROR_FACTOR
    high = (max(math.sqrt(shared), math.sqrt(separate)) + slack) * ERROR_FACTOR
    high = max(high, observable.spread) if corrected else high
    detail = f"the standard error; from {shots} runs a basis it should be {max(0.0, low):.3g} to {high:.3g}"
    plausible = Test("std_error", std_error, std_error, std_error, high, low <= std_error <= high, detail)
    return inside, _value_test(value - exact, std_error, limit, exact), plausible


def part_tests(
    circuit: Circuit, observable: PauliSum, shots: int | None, answer: Mapping[str, Any], precision: float | None
) -> tuple[Test, ...]:
    """What an answer says beside its value: each string's, how far the machine's noise took it, and the precision reached."""
    tests = []
    if precision is not None:
        error = answer["std_error"]
        detail = "the standard error; at most the precision that was asked for"
        tests.append(Test("precision", error, error, error, precision, error <= precision, detail))
    state = _state(circuit, observable)
    if state is None:
        return tuple(tests)
    exact = expectation(state, observable)
    rounding = ROUNDING * max(1.0, observable.spread)
    if "deviation" in answer:
        away = abs(answer["value"] - exact - answer["deviation"])
        mended = answer.get("mitigated")
        left = "" if mended is None else f"; {mended['value'] - exact:.4g} with readout errors taken out"
        detail = f"the value is {answer['value'] - exact:.4g} from the exact one{left}; stated within the limit"
        tests.append(Test("deviation", away, away, away, rounding, away <= rounding, detail))
    if "bias_max" in answer:
        tests += _noise_tests(observable, shots, answer, exact)
    if answer.get("terms"):
        tests += _term_tests(state, observable, shots, answer)
    return tuple(tests)


def _noise_tests(observable: PauliSum, shots: int | None, answer: Mapping[str, Any], exact: float) -> Iterator[Test]:
    """That what is told of the noise of a machine covers how far its values are from the exact one."""
    rounding = ROUNDING * max(1.0, observable.spread)
    largest = _steps(observable, shots)[0] if shots else 0.0
    mended = answer.get("mitigated")
    for name, told in (("bias_max", answer), *((("mitigated", mended),) if mended else ())):
        away = abs(told["value"] - exact)
        limit = told["bias_max"] + rounding + deviation_max(told["std_error"] ** 2, largest)
        detail = "how far the value is from the exact one; at most what is told of the noise, and chance"
        yield Test(name, away, away, away, limit, away <= limit, detail)
    if shots and len(observable.terms) <= BASES_TERMS_MAX:
        error, least = answer["std_error"], LEAST_ERROR * error_floor(observable, shots)
        detail = f"the standard error; runs that all agree have one of {least:.3g} or more"
        yield Test("least error", error, error, error, least, error >= least, detail)


def _term_tests(state: State, observable: PauliSum, shots: int | None, answer: Mapping[str, Any]) -> list[Test]:
    """Each string against its exact value, all of them together; the least of their errors; and their sum against the value."""
    told = [(c, letters, each) for (c, letters), each in zip(observable.terms, answer["terms"], strict=True) if c]
    worst, where, least, small = 0.0, "", 1.0, ""
    for _, letters, each in told:
        value, error = expectation(state, PauliSum(observable.qubits, ((1.0, letters),))), each["std_error"]
        if error == 0 and abs(each["value"] - value) <= ROUNDING:
            continue
        runs = shots or 0
        variance, step = (max(0.0, 1 - value**2) / runs, 2 / runs) if runs else (error**2, 0.0)
        limit = ROUNDING + deviation_max(variance, step, len(told))
        if (share := abs(each["value"] - value) / limit) >= worst:
            worst, where = share, f"{letters}, which is {value:.6g} and was stated as {each['value']:.6g}"
        wanted = math.sqrt(each["variance"] / runs) / ERROR_FACTOR if runs else 0.0
        if wanted and (share := error / wanted) < least:
            least, small = share, f"{letters}, {error:.3g} from {runs} runs"
    added = abs(math.fsum(c * each["value"] for c, _, each in told) - answer["value"])
    rounding = ROUNDING * max(1.0, observable.spread)
    return [
        Test(
            "terms", worst, worst, worst, 1.0, worst <= 1, f"of what chance explains, the most of any string: {where}"
        ),
        Test(
            "errors of terms",
            least,
            least,
            least,
            1.0,
            least >= 1,
            f"of what so many runs tell at the least, the error that is smallest: {small or 'none is smaller'}",
        ),
        Test("sum of terms", added, added, added, rounding, added <= rounding, "how far their sum is from the value"),
    ]


def examine_search(
    observable: PauliSum,
    groups: Sequence[Group],
    circuit: Circuit | None,
    shots: int | None,
    value: float,
    std_error: float,
    *,
    corrected: bool = False,
) -> Examination:
    """Test the least value that a search found: against its own circuit where the answer has one, and against the lowest
    eigenvalue, below which no state has a value.
    """
    tests = [_range_test(observable, value, std_error)] if circuit is None else []
    if circuit is not None:
        tests += value_tests(circuit, observable, shots, value, std_error, corrected=corrected)
    recomputed = next((test for test in tests if test.name == "value"), None)
    found = lowest_of(observable, groups)
    if found is None:
        return Examination(recomputed is not None, tuple(tests), objective=value)
    above = value - found.value
    slack = recomputed.limit if recomputed is not None else _slack(observable, shots, std_error)
    detail = f"how far above the lowest eigenvalue {found.value:.12g}; no state has less, so at least -{slack:.3g}"
    low, high = above - WIDTH_95 * std_error, above + WIDTH_95 * std_error
    tests.append(Test("variational_bound", above, low, high, -slack, above >= -slack, detail))
    proved = std_error == 0 and abs(above) <= OPTIMUM_TOLERANCE and all(test.passed for test in tests)
    return Examination(True, tuple(tests), value, found.value - found.residual, proved)


def _slack(observable: PauliSum, shots: int | None, std_error: float) -> float:
    """How far a value may be from its expectation in an unknown state."""
    rounding = ROUNDING * max(1.0, observable.spread)
    if shots is None:
        return rounding + deviation_max(std_error**2, 0.0)
    largest, together = _steps(observable, shots)
    return rounding + deviation_max((std_error + error_slack(together, shots)) ** 2, largest)


def _steps(observable: PauliSum, shots: int) -> tuple[float, float]:
    """How far one run can move the value away from its expectation: of the basis that can most, and the root of the sum of the
    squares of all. Of very many terms no bases are looked for, and a bound takes their place.
    """
    if len(observable.terms) > BASES_TERMS_MAX:
        return 2 * observable.spread / shots, 2 * observable.spread / shots
    each = [2 * basis.spread / shots for basis in bases(observable)]
    return max(each, default=0.0), math.hypot(*each)


def _state(circuit: Circuit, observable: PauliSum) -> State | None:
    work = 2 * len(observable.terms) << observable.qubits
    return statevector(circuit) if work <= WORK_MAX and affordable(circuit) else None


def _range_test(observable: PauliSum, value: float, std_error: float) -> Test:
    away = abs(value - observable.constant)
    limit = (1 + ROUNDING) * observable.spread + ROUNDING
    detail = "how far from the coefficient of the identity; no state is further than all other coefficients"
    margin = WIDTH_95 * std_error
    return Test("range", away, max(0.0, away - margin), away + margin, limit, away <= limit, detail)


def _value_test(away: float, std_error: float, limit: float, exact: float) -> Test:
    detail = f"how far from {exact:.12g}, computed from the state"
    margin = WIDTH_95 * std_error
    return Test("value", away, away - margin, away + margin, limit, abs(away) <= limit, detail)
