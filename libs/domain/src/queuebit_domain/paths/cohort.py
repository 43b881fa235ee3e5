"""Whom a path is for, which of their jobs it is drawn for, and what its stage does to their plans."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from queuebit_contracts.canonical import canonical_json
from queuebit_contracts.events import JobPlanned
from queuebit_contracts.ids import derive_id
from queuebit_contracts.jobs import Lane, Leg, ParamValue, Trigger
from queuebit_contracts.paths import PathDraw, PathKey
from queuebit_domain.paths.judging import has_room
from queuebit_domain.paths.report import name_of
from queuebit_domain.paths.state import Path
from queuebit_domain.sizes import band_of as band_of

BUCKETS: Final = 10_000
PROBLEM_DIGITS: Final = 16
"""So much of a fingerprint tells problems apart."""
AUDITED: Final = 0.05
"""Of what a path in production answers, at least so much is measured, for ever."""
CATEGORY: Final = "path"
OPERATOR: Final = "(operators)"
"""Whose streams they are: no tenant's."""
HEAD_STATE: Final = "kept"
"""What their heads say, which nobody lists."""
_ROOT: Final = UUID("ffffffff-ffff-8000-8000-000000000003")
"""The time in the ids of paths is the last there is: they are never among what is archived."""
_NEEDED: Final[tuple[Trigger, ...]] = ("failed", "rejected", "latency_budget", "exhausted")
_ATTEMPTS: Final[Mapping[Lane, int]] = {"quantum": 2, "simulator": 2, "classical": 3, "rule": 3}


def version_of(lane: Lane, settings: Mapping[str, ParamValue], made_of: Mapping[str, str]) -> str:
    """The version of a way of answering: any change of its lane, settings or of what it is made of makes another."""
    told = canonical_json({"lane": lane, "settings": dict(settings), "made_of": dict(made_of)})
    return hashlib.sha256(told).hexdigest()[:16]


def path_id_of(key: PathKey) -> UUID:
    """The stream of a path."""
    return derive_id(_ROOT, name_of(key), CATEGORY)


def drawn(path: Path, tenant: str, problem_fingerprint: str, in_flight: int) -> PathDraw | None:
    """Whether a job of the cohort takes part, and how; None where the path measures and answers nothing for it.

    The same question always falls into the same bucket, so that a ramp only adds jobs. `in_flight`: how many are measured now.
    """
    registered = path.registered
    pilot = path.stage in ("simulate", "batch_pilot")
    if not has_room(path, in_flight) or (pilot and tenant not in registered.pilot_tenants):
        return None
    path_id, problem = path_id_of(registered.key), problem_fingerprint[:PROBLEM_DIGITS]
    place = _bucket(path_id, "answer" if path.answers else "measure", problem_fingerprint)
    share = _propensity(path)
    taken = place < round(share * BUCKETS)
    if path.stage == "production":
        audited = _bucket(path_id, "audit", problem_fingerprint) < round(share * BUCKETS)
        leg, stage = leg_of(path), path.stage
        return PathDraw(path_id=path_id, stage=stage, leg=leg, measured=audited, propensity=share, problem=problem)
    if not taken:
        return PathDraw(path_id=path_id, stage=path.stage, propensity=share, problem=problem)
    leg = leg_of(path)
    return PathDraw(path_id=path_id, stage=path.stage, leg=leg, measured=True, propensity=share, problem=problem)


def leg_of(path: Path) -> str:
    """What the leg of the path is called in a plan."""
    return f"path-{path.registered.lane}"


def overlaid(planned: JobPlanned, path: Path, draw: PathDraw, budget_s: float) -> JobPlanned:
    """The plan with what the path's stage adds to it: nothing, a shadow that goes on when the job has ended, one that
    advises, or the path's answer beside the classical one.
    """
    if draw.leg is None:
        return planned.model_copy(update={"path": draw})
    name = name_of(path.registered.key)
    if not path.answers:
        advises = path.stage == "advisory"
        shadow = _leg(
            path, "shadow", budget_s, f"The path {name} is measured beside the job ({path.stage})."
        ).model_copy(update={"advises": True} if advises else {"after_end": "measure"})
        return planned.model_copy(update={"path": draw, "legs": (*planned.legs, shadow)})
    percent = f" {path.percent} %" if path.stage == "canary" else ""
    reason = (
        f"The path {name} answers beside the classical way ({path.stage}{percent}); the better checked answer wins."
    )
    legs = (
        _leg(path, "primary", budget_s, reason),
        _beside("baseline", "classical", budget_s, reason, ()),
        _beside(
            "fallback", "rule", budget_s, "Taken when the legs before it give no accepted answer in time.", _NEEDED
        ),
    )
    changes = {"plan": "quantum_with_baseline", "rule": f"path-{path.stage}", "legs": legs, "path": draw}
    return planned.model_copy(update={**changes, "reasons": (reason,), "propensity": draw.propensity})


def takes_part(planned: JobPlanned, wish: str, available: bool) -> bool:
    """Whether a path may add to a plan at all: the caller left the way to us, an optimum is sought, and a backend is there."""
    return wish == "auto" and available and planned.sense is not None and bool(planned.legs)


def _propensity(path: Path) -> float:
    spec = path.registered.spec
    match path.stage:
        case "canary":
            return path.percent / 100
        case "production":
            return max(AUDITED, spec.sample)
        case _:
            return spec.sample


def _bucket(path_id: UUID, purpose: str, problem_fingerprint: str) -> int:
    told = f"{path_id}|{purpose}|{problem_fingerprint}".encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:8], "big") % BUCKETS


def _leg(path: Path, role: str, budget_s: float, reason: str) -> Leg:
    lane = path.registered.lane
    return Leg(
        leg=leg_of(path),
        role=role,
        lane=lane,
        budget_s=budget_s,
        attempts_max=_ATTEMPTS[lane],
        reason=reason,
        starts=(),
        params=dict(path.registered.settings) or None,
    )


def _beside(role: str, lane: Lane, budget_s: float, reason: str, starts: tuple[Trigger, ...]) -> Leg:
    return Leg(
        leg=f"{role}-{lane}",
        role=role,
        lane=lane,
        budget_s=budget_s,
        attempts_max=_ATTEMPTS[lane],
        reason=reason,
        starts=starts,
    )
