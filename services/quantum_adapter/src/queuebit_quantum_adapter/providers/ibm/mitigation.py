"""What a job asks against errors, as options of IBM's client. Imported in worker processes only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from queuebit_circuits.circuit import Branch
from queuebit_quantum_adapter.errors import UnusableProblem
from queuebit_quantum_adapter.ports import ON_SAMPLES, Mitigation, Request
from queuebit_quantum_adapter.providers.ibm.offer import MITIGATIONS

LEARNED = dict.fromkeys(("pea", "pec"), "needs a model of the noise of each layer that was learned beforehand")


def check(request: Request) -> None:
    """Raises UnusableProblem for the first method that the client cannot apply to the request."""
    methods = request.mitigation.methods
    for name in methods:
        if name not in MITIGATIONS:
            why = LEARNED.get(name, "is not known to it")
            raise _refused(f"IBM's client does no {name} here: it {why}.", set(methods) & set(MITIGATIONS))
        if request.observable is None and name not in ON_SAMPLES:
            words = f"{name} corrects expectation values, and samples of circuits are asked for."
            raise _refused(words, set(methods) & ON_SAMPLES)
    if "dd" in methods and any(_branches(bound.circuit.operations) for bound in request.circuits):
        raise _refused("IBM's client does no dd in circuits with conditions.", set(methods) - {"dd"})


def sampler_options(mitigation: Mitigation, tags: Iterable[str]) -> dict[str, Any]:
    """The options of a sampler; nothing is done that was not asked for."""
    return {"environment": {"job_tags": list(tags)}, **_both(mitigation)}


def estimator_options(mitigation: Mitigation, shots: int, tags: Iterable[str]) -> dict[str, Any]:
    """The options of an estimator; nothing is done that was not asked for, but what a method cannot do without."""
    zne = {
        "noise_factors": list(mitigation.zne_factors),
        "extrapolator": list(mitigation.zne_extrapolators),
        "amplifier": "gate_folding",
    }
    return {
        "environment": {"job_tags": list(tags)},
        "default_shots": shots,
        "resilience_level": 0,
        "resilience": {
            "measure_mitigation": "trex" in mitigation.methods,
            "zne_mitigation": "zne" in mitigation.methods,
            **({"zne": zne} if "zne" in mitigation.methods else {}),
        },
        **_both(mitigation),
    }


def applied(options: Mapping[str, Any]) -> dict[str, Any]:
    """What was applied, by the options that came back beside the outcomes."""
    decoupling, twirling = options["dynamical_decoupling"], options["twirling"]
    resilience = options.get("resilience", {})
    told: dict[str, Any] = {}
    if decoupling["enable"]:
        told["dd"] = {name: decoupling[name] for name in ("sequence_type", "scheduling_method")}
    if twirling["enable_gates"] or twirling["enable_measure"]:
        told["twirling"] = {name: twirling[name] for name in ("enable_gates", "enable_measure", "group", "strategy")}
    if resilience.get("measure_mitigation"):
        told["trex"] = {"readout": "calibrated in the same job"}
    if resilience.get("zne_mitigation"):
        zne = resilience["zne"]
        told["zne"] = {
            "amplifier": zne["amplifier"],
            "noise_factors": list(zne["noise_factors"]),
            "extrapolators": list(zne["extrapolator"]),
        }
    return told


def _both(mitigation: Mitigation) -> dict[str, Any]:
    twirls = "twirling" in mitigation.methods
    return {
        "dynamical_decoupling": {"enable": "dd" in mitigation.methods, "sequence_type": mitigation.dd_sequence},
        "twirling": {"enable_gates": twirls, "enable_measure": twirls or "trex" in mitigation.methods},
    }


def _branches(operations: Iterable[Any]) -> bool:
    return any(isinstance(each, Branch) for each in operations)


def _refused(words: str, left: Iterable[str]) -> UnusableProblem:
    rest = ",".join(sorted(left))
    return UnusableProblem(
        words, remedy=f"Set params.mitigation to {rest}." if rest else "Leave params.mitigation out."
    )
