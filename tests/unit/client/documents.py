"""Documents of jobs as `run --json` prints them, for the tests of the honesty report: whole ones, with what differs named."""

from __future__ import annotations

from typing import Any

FREE = {"amount": "0", "currency": "USD"}

EVIDENCE: dict[str, Any] = {
    "shots": 400,
    "feasible_fraction": 0.5,
    "best_raw_objective": 10,
    "best_raw_count": 40,
    "mean_energy": -6.0,
    "energy_std": 2.0,
    "best_energy": -10.0,
    "energy_min": -10.0,
    "energy_max": 0.0,
    "placebo_best": 8,
    "placebo": {"mean_energy": -5.0},
}
"""Energies from -10 to 0: q = 0.6, q of random samples 0.5, 0.2 of the way from there to 1."""


def an_attempt(leg: str, **changes: Any) -> dict[str, Any]:
    """An attempt that was accepted with objective 10; it ran for two seconds."""
    role, lane = leg.split("-")
    return {
        "leg": leg,
        "role": role,
        "lane": lane,
        "number": 1,
        "state": "accepted",
        "queued_at": "2026-01-02T03:04:05Z",
        "started_at": "2026-01-02T03:04:05.500000Z",
        "finished_at": "2026-01-02T03:04:07.500000Z",
        "objective": 10,
        "bound": 10,
        "gap": 0.0,
        "proven_optimal": True,
        "ran": {"lane": lane, "method": f"the {lane} way", "backend": f"{lane} machine", "backend_version": ""},
        "cost": FREE,
        "usage": {"wall_s": 2.0, "cpu_s": 1.0, "qpu_s": 0.0, "shots": 0, "iterations": 0},
        "evidence": {},
        "counts_fingerprint": None,
        **changes,
    }


def sampled(leg: str = "primary-simulator", evidence: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An attempt on the simulator with this evidence over the usual one."""
    return an_attempt(leg, evidence={**EVIDENCE, **(evidence or {})}, counts_fingerprint="f", **changes)


def a_document(*attempts: dict[str, Any], chosen: str = "primary-simulator", **changes: Any) -> dict[str, Any]:
    """A completed job: maximise, best 10, proved."""
    return {
        "id": "a",
        "state": "completed",
        "kind": "maxcut",
        "plan": "quantum_with_baseline",
        "sense": "max",
        "objective": 10,
        "bound": 10,
        "gap": 0.0,
        "proven_optimal": True,
        "verdict": "accepted",
        "confidence": 1.0,
        "confidence_parts": [],
        "cost": FREE,
        "elapsed_s": 2.5,
        "created_at": "2026-01-02T03:04:05Z",
        "chosen_leg": chosen,
        "attempts": list(attempts),
        **changes,
    }
