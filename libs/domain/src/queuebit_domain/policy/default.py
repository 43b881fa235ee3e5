"""The policy that is active where nobody has activated another: the caller's wish first, then what fits.

It is a document like any other: `queuebit policy show routing/2` prints it, to begin one's own from.
"""

from __future__ import annotations

from typing import Any, Final

from queuebit_contracts.policy import PolicyDocument
from queuebit_domain.policy.compiling import compiled

DEFAULT_VERSION: Final = "routing/2"

_QUANTUM = {"role": "primary", "lane": "quantum"}
_SIMULATOR = {"role": "primary", "lane": "simulator"}
_CLASSICAL = {"role": "primary", "lane": "classical"}
_SIMULATOR_LATER = {"role": "fallback", "lane": "simulator", "starts": "when_needed"}
_CLASSICAL_LATER = {"role": "fallback", "lane": "classical", "starts": "when_needed"}
_CLASSICAL_ON = {"role": "fallback", "lane": "classical", "starts": "to_improve"}
_CLASSICAL_BESIDE = {"role": "baseline", "lane": "classical"}
_RULE_LAST = {"role": "fallback", "lane": "rule", "starts": "when_needed"}


def _form(plan: str, *legs: dict[str, Any]) -> dict[str, Any]:
    return {"plan": plan, "legs": legs}


_PLANS = {
    "rule_only": _form("rule_only", {"role": "primary", "lane": "rule"}),
    "classical_only": _form("classical_only", _CLASSICAL, _RULE_LAST),
    "quantum_alone": _form("quantum_alone", _QUANTUM),
    "simulator_alone": _form("quantum_alone", _SIMULATOR),
    "refine_quantum": _form("refine", _QUANTUM, _CLASSICAL_ON, _RULE_LAST),
    "refine_simulator": _form("refine", _SIMULATOR, _CLASSICAL_ON, _RULE_LAST),
    "quantum_then_all": _form("quantum_then_fallback", _QUANTUM, _SIMULATOR_LATER, _CLASSICAL_LATER, _RULE_LAST),
    "simulator_then_all": _form("quantum_then_fallback", _SIMULATOR, _CLASSICAL_LATER, _RULE_LAST),
    "quantum_beside_exact": _form("quantum_with_baseline", _QUANTUM, _CLASSICAL_BESIDE),
    "simulator_beside_exact": _form("quantum_with_baseline", _SIMULATOR, _CLASSICAL_BESIDE),
    "quantum_then_exact": _form("quantum_then_fallback", _QUANTUM, _SIMULATOR_LATER, _CLASSICAL_LATER),
    "simulator_then_exact": _form("quantum_then_fallback", _SIMULATOR, _CLASSICAL_LATER),
    "quantum_with_baseline": _form("quantum_with_baseline", _QUANTUM, _CLASSICAL_BESIDE, _RULE_LAST),
    "simulator_with_baseline": _form("quantum_with_baseline", _SIMULATOR, _CLASSICAL_BESIDE, _RULE_LAST),
}
_SMALL = {"ge": 4, "le": 16}


def _row(name: str, use: str, reason: str, **when: Any) -> dict[str, Any]:
    return {"id": name, "use": use, "reason": reason, "when": when}


_ROUTING = (
    _row("rule-asked", "rule_only", "The caller asked for the default answer.", wish="rule"),
    _row("classical-asked", "classical_only", "The caller asked for the classical lane.", wish="classical"),
    _row(
        "quantum-alone",
        "quantum_alone",
        "The caller asked for the quantum lane, and for no answer of another.",
        wish="quantum",
        alone=True,
    ),
    _row(
        "simulator-alone",
        "simulator_alone",
        "The caller asked for the simulator lane, and for no answer of another.",
        wish="simulator",
        alone=True,
    ),
    _row(
        "refine-quantum",
        "refine_quantum",
        "The caller asked for the quantum lane and for a refinement: the classical solver goes on from its answer.",
        wish="quantum",
        family="optimisation",
        refine=True,
    ),
    _row(
        "refine-simulator",
        "refine_simulator",
        "The caller asked for the simulator lane and for a refinement: the classical solver goes on from its answer.",
        wish="simulator",
        family="optimisation",
        refine=True,
    ),
    _row(
        "quantum-asked",
        "quantum_then_all",
        "The caller asked for the quantum lane; every other lane stands behind it.",
        wish="quantum",
    ),
    _row(
        "simulator-asked",
        "simulator_then_all",
        "The caller asked for the simulator lane; the classical lane stands behind it.",
        wish="simulator",
    ),
    _row(
        "state-on-quantum",
        "quantum_beside_exact",
        "A state is sought and a quantum backend is configured: quantum and exact computation run side by side.",
        wish="auto",
        family="measurement",
        sense={"known": True},
        quantum_available=True,
    ),
    _row(
        "state-on-simulator",
        "simulator_beside_exact",
        "A state is sought, no quantum backend is configured: simulator and exact computation run side by side.",
        wish="auto",
        family="measurement",
        sense={"known": True},
        simulator_available=True,
    ),
    _row(
        "circuit-on-quantum",
        "quantum_then_exact",
        "Circuits are to be measured and a quantum backend is configured; simulator and exact reference stand behind it.",
        wish="auto",
        family="measurement",
        quantum_available=True,
    ),
    _row(
        "circuit-on-simulator",
        "simulator_then_exact",
        "Circuits are to be measured, no quantum backend is configured; the exact reference stands behind the simulator.",
        wish="auto",
        family="measurement",
        simulator_available=True,
    ),
    _row(
        "small-on-quantum",
        "quantum_with_baseline",
        "The problem fits a quantum backend: quantum and classical run side by side, the better checked answer wins.",
        wish="auto",
        qubits=_SMALL,
        quantum_available=True,
    ),
    _row(
        "small-on-simulator",
        "simulator_with_baseline",
        "The problem fits the simulator, no quantum backend is configured: simulator and classical run side by side.",
        wish="auto",
        qubits=_SMALL,
        simulator_available=True,
    ),
    _row("otherwise-classical", "classical_only", "No quantum path is worth its cost at this size."),
)

DEFAULT_DOCUMENT: Final = PolicyDocument.model_validate(
    {
        "policy": "routing",
        "description": "The caller's wish first; else quantum beside classical where the problem is small enough.",
        "plans": _PLANS,
        "routing": _ROUTING,
    }
)
DEFAULT: Final = compiled(DEFAULT_DOCUMENT, DEFAULT_VERSION)
