"""What a job asks against the errors of a device: its parameters read, and whether its backend can do that."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from queuebit_contracts.jobs import ParamValue
from queuebit_quantum_adapter.backends.spec import BackendSpec
from queuebit_quantum_adapter.errors import InvalidParam, UnusableProblem
from queuebit_quantum_adapter.ports import MITIGATIONS, NO_MITIGATION, ON_SAMPLES, Mitigation

METHODS, SEQUENCE, FACTORS, EXTRAPOLATORS = "mitigation", "dd_sequence", "zne_factors", "zne_extrapolator"
NEEDS = {SEQUENCE: "dd", FACTORS: "zne", EXTRAPOLATORS: "zne"}
SEQUENCES = ("XX", "XpXm", "XY4")
POLYNOMIALS = tuple(f"polynomial_degree_{degree}" for degree in range(1, 8))
CURVES = ("linear", "exponential", "double_exponential", *POLYNOMIALS)
POINTS = {"double_exponential": 5, **{name: degree for degree, name in enumerate(POLYNOMIALS, 3)}}
POINTS_LEAST = 3
"""How many factors a curve needs: one more than it has parameters, for without nobody knows how well it fits."""
FACTOR_MAX, FACTORS_MAX = 25.0, 10
"""The first factor is 1: what is read there is told as the uncorrected value."""
NOTHING = "none"


def mitigation_of(params: Mapping[str, ParamValue]) -> Mitigation:
    """What the parameters of a job ask for. Raises InvalidParam, naming the parameter and what is allowed."""
    methods = tuple(dict.fromkeys(_words(params, METHODS, (*MITIGATIONS, NOTHING), (NOTHING,))))
    if methods == (NOTHING,):
        methods = ()
    elif NOTHING in methods:
        raise InvalidParam(f"params.{METHODS} names none beside others.", remedy="Use none alone, or leave it out.")
    for name, method in NEEDS.items():
        if name in params and method not in methods:
            raise InvalidParam(
                f"params.{name} needs {method} in params.{METHODS}.", remedy=f"Add {method}, or leave it out."
            )
    if not methods:
        return NO_MITIGATION
    usual = NO_MITIGATION
    (sequence,) = _words(params, SEQUENCE, SEQUENCES, (usual.dd_sequence,), most=1)
    factors = _factors(params, usual.zne_factors)
    curves = _words(params, EXTRAPOLATORS, CURVES, usual.zne_extrapolators)
    for curve in curves:
        if len(factors) < (needed := POINTS.get(curve, POINTS_LEAST)):
            raise InvalidParam(
                f"params.{EXTRAPOLATORS} {curve} needs {needed} factors, and params.{FACTORS} has {len(factors)}.",
                remedy="Name more factors, or another curve.",
            )
    return Mitigation(methods, sequence, factors, curves)


def check_mitigation(asked: Mitigation, backend: BackendSpec, *, measures: bool) -> None:
    """Raises UnusableProblem for the first method that the backend does not know, or that is not for samples."""
    able = [name for name in asked.methods if name in backend.mitigations]
    for name in asked.methods:
        if name not in backend.mitigations:
            can = ", ".join(backend.mitigations) or "nothing"
            raise UnusableProblem(
                f"{backend.name} does no {name} against errors; it can do: {can}.", remedy=_remedy(able)
            )
        if not measures and name not in ON_SAMPLES:
            raise UnusableProblem(
                f"{name} corrects expectation values, and this problem is answered by samples.",
                remedy=_remedy([name for name in able if name in ON_SAMPLES]),
            )


def _remedy(left: list[str]) -> str:
    return (
        f"Set params.{METHODS} to {','.join(left)}."
        if left
        else f"Leave params.{METHODS} out, or name another backend."
    )


def _words(
    params: Mapping[str, ParamValue], name: str, allowed: tuple[str, ...], default: tuple[str, ...], most: int = 10
) -> tuple[str, ...]:
    if name not in params:
        return default
    found = tuple(each.strip() for each in str(params[name]).split(",") if each.strip())
    wrong = next((each for each in found if each not in allowed), None)
    if wrong is not None or not 0 < len(found) <= most:
        many = "one of" if most == 1 else "some of, parted by commas"
        raise InvalidParam(f"params.{name} is {str(params[name])[:60]!r}.", remedy=f"Use {many}: {', '.join(allowed)}.")
    return found


def _factors(params: Mapping[str, ParamValue], default: tuple[float, ...]) -> tuple[float, ...]:
    if FACTORS not in params:
        return default
    try:
        found = tuple(float(each) for each in str(params[FACTORS]).split(","))
    except ValueError:
        found = ()
    rising = all(low < high for low, high in pairwise(found))
    if not POINTS_LEAST <= len(found) <= FACTORS_MAX or not rising or found[0] != 1 or max(found) > FACTOR_MAX:
        raise InvalidParam(
            f"params.{FACTORS} is {str(params[FACTORS])[:60]!r}.",
            remedy=f"Use {POINTS_LEAST} to {FACTORS_MAX} rising numbers from 1, up to {FACTOR_MAX:g}, with commas, as 1,3,5.",
        )
    return found
