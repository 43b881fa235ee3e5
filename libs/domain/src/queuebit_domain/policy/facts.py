"""What a policy may ask about a job, each with its meaning and unit. None stands for what nobody knows.

One fact more is a field of `Facts` and its line in `FACTS`; who knows it says so by a `FactSource` of the control plane. Facts
are recorded with the decision, so a replay reads them and asks nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from queuebit_contracts.jobs import LaneWish, Sense, Tier

FactType = Literal["text", "truth", "count", "number"]
FactValue = bool | int | float | str | None
BUCKETS: Final = 10_000
"""Into so many buckets alike jobs fall: `{bucket: {lt: 1000}}` holds for a tenth of them."""


class Facts(NamedTuple):
    """What is known of a job when it is planned. The first ones are known of every job."""

    kind: str
    sense: Sense | None
    wish: LaneWish
    tier: Tier
    variables: int
    qubits: int
    terms: int
    budget_s: float
    quantum_available: bool
    simulator_available: bool
    family: Literal["optimisation", "measurement"] = "optimisation"
    refine: bool = False
    alone: bool = False
    tenant: str | None = None
    time_left_s: float | None = None
    latency_budget_s: float | None = None
    hour_utc: int | None = None
    weekday_utc: int | None = None
    bucket: int | None = None
    shadow_bucket: int | None = None
    audit_bucket: int | None = None
    quantum_queue: int | None = None
    quantum_qubits_max: int | None = None
    calibration_age_s: float | None = None
    quantum_drifted: int | None = None
    budget_left_micros: int | None = None
    quantum_barred: bool | None = None
    cached_age_s: float | None = None
    cached_same: bool | None = None


BASE: Final = 13
"""So many facts are known of every job, and recorded with every plan."""
SALTED: Final[Mapping[str, str]] = {"bucket": "", "shadow_bucket": "shadow:", "audit_bucket": "audit:"}
"""The buckets, each with what it adds to the salt: they fall independently of one another."""


class FactSpec(NamedTuple):
    """What a fact is. `values`: all that a text may be, where that is known. `optional`: it may be unknown."""

    name: str
    type: FactType
    meaning: str
    unit: str = ""
    values: tuple[str, ...] = ()
    optional: bool = False


_OPTIONAL: Final = True
FACTS: Final[Mapping[str, FactSpec]] = {
    spec.name: spec
    for spec in (
        FactSpec("kind", "text", "The kind of problem."),
        FactSpec("sense", "text", "Which objective is better; unknown where answers have none.", "", ("min", "max"), True),
        FactSpec("wish", "text", "The lane that was asked for.", "",
                 ("auto", "quantum", "simulator", "classical", "rule")),
        FactSpec("tier", "text", "How patient the caller is.", "", ("interactive", "batch", "scheduled")),
        FactSpec("variables", "count", "Decision variables of the problem.", "variables"),
        FactSpec("qubits", "count", "Qubits that the problem needs.", "qubits"),
        FactSpec("terms", "count", "Edges, items or operations of the problem.", "terms"),
        FactSpec("budget_s", "number", "Computing time that each leg may take.", "s"),
        FactSpec("quantum_available", "truth", "Whether a backend of the quantum lane reported itself lately."),
        FactSpec("simulator_available", "truth", "Whether a backend of the simulator lane reported itself lately."),
        FactSpec("family", "text", "Whether an optimum is sought or something is measured.", "",
                 ("optimisation", "measurement")),
        FactSpec("refine", "truth", "Whether the caller asked for a refinement of the quantum answer."),
        FactSpec("alone", "truth", "Whether the caller wants the answer of the lane that it names or none."),
        FactSpec("tenant", "text", "Whose job it is.", optional=_OPTIONAL),
        FactSpec("time_left_s", "number", "From the moment of planning to the deadline.", "s", optional=_OPTIONAL),
        FactSpec("latency_budget_s", "number", "How long the caller waits for a first answer.", "s", optional=_OPTIONAL),
        FactSpec("hour_utc", "count", "The hour of the day in which it is planned, 0 to 23, in UTC.", "h",
                 optional=_OPTIONAL),
        FactSpec("weekday_utc", "count", "The day of the week in which it is planned, in UTC: Monday is 0.", "d",
                 optional=_OPTIONAL),
        FactSpec("bucket", "count", "Where alike jobs of a tenant fall, 0 to 9999, for canaries.", "", optional=_OPTIONAL),
        FactSpec("shadow_bucket", "count", "The same, drawn apart, for shadows.", "", optional=_OPTIONAL),
        FactSpec("audit_bucket", "count", "The same, drawn apart, for baselines that are kept.", "", optional=_OPTIONAL),
        FactSpec("quantum_queue", "count", "The shortest queue of an available backend of the quantum lane.", "jobs",
                 optional=_OPTIONAL),
        FactSpec("quantum_qubits_max", "count", "The most qubits of an available backend of the quantum lane.", "qubits",
                 optional=_OPTIONAL),
        FactSpec("calibration_age_s", "number", "The age of the newest calibration of the quantum lane.", "s",
                 optional=_OPTIONAL),
        FactSpec("quantum_drifted", "count", "How many available backends of the quantum lane have drifted, by their probes.",
                 "backends", optional=_OPTIONAL),
        FactSpec("budget_left_micros", "count", "The least that is left in a budget for production that the job stands"
                 " under, in millionths of its currency; unknown where there is none, or in several currencies.", "1e-6",
                 optional=_OPTIONAL),
        FactSpec("quantum_barred", "truth", "Whether the quantum lane has backends, and all stand in regions to which the job"
                 " may not go; unknown where it may go to one.", optional=_OPTIONAL),
        FactSpec("cached_age_s", "number", "How old the earlier answer is that the job names; unknown where it names none that"
                 " may compete.", "s", optional=_OPTIONAL),
        FactSpec("cached_same", "truth", "Whether that answer was given to the very same statement.", optional=_OPTIONAL),
    )
}  # fmt: skip
PLACES: Final[Mapping[str, int]] = {name: place for place, name in enumerate(Facts._fields)}


def bucket_of(salt: str, tenant: str, problem_fingerprint: str) -> int:
    """The bucket of alike jobs: the same question of the same tenant always falls into the same one."""
    told = f"{salt}|{tenant}|{problem_fingerprint}".encode()
    return int.from_bytes(hashlib.sha256(told).digest()[:8], "big") % BUCKETS


def with_told(facts: Facts, told: Mapping[str, FactValue]) -> Facts:
    """The facts with some of them told, each by its name."""
    return facts._replace(**told)  # type: ignore[arg-type]


def recorded(facts: Facts) -> dict[str, object]:
    """What is recorded with a decision: what is known of every job, and of the rest what somebody knew."""
    told = facts._asdict()
    return {name: value for place, (name, value) in enumerate(told.items()) if place < BASE or value is not None}


def facts_in(inputs: Mapping[str, object]) -> Facts:
    """The facts of a decision, as they were recorded. What today knows no more is passed over. Raises TypeError where one
    that is known of every job is missing.
    """
    return Facts(**{name: value for name, value in inputs.items() if name in PLACES})  # type: ignore[arg-type]
