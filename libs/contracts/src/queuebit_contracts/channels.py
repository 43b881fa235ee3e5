"""The channel table: every topic once, with its key, its messages, who writes it and who reads it.

It creates the topics, generates AsyncAPI and access rules; a test compares it with what services really read and write.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal, assert_never

from queuebit_contracts import commands, events
from queuebit_contracts.events import Event
from queuebit_contracts.jobs import TIERS, Lane, Tier
from queuebit_contracts.model import Model, StrictModel

Service = Literal["gateway", "control-plane", "quantum-adapter", "classical-solver", "result-validation"]
WorkerFamily = Literal["quantum", "classical"]

DAY_MS = 86_400_000
RECORD_BYTES_MAX = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Channel:
    """One topic. `writers` and `readers` are our services; others write where `upstream_writes` or `downstream_writes`, and
    read what is `public`.
    """

    topic: str
    meaning: str
    messages: tuple[type[Model] | type[StrictModel], ...]
    writers: tuple[Service, ...]
    readers: tuple[Service, ...]
    upstream_writes: bool = False
    downstream_writes: bool = False
    partitions: int = 4
    retention_ms: int = 7 * DAY_MS
    compacted: bool = False
    broadcast: bool = False
    """Each instance of a reading service reads every record, from the moment it starts."""
    public: bool = False
    """For downstream services: they may read it, and it is packed so that a client of any language can."""


SUBMITTED = "jobs.submitted"
ADMITTED = "jobs.admitted"
LARGE = "jobs.large"
EXECUTIONS = "jobs.executions"
VALIDATIONS = "jobs.validations"
COMPLETED = "jobs.completed"
FAILED = "jobs.failed"
INVALIDATED = "jobs.invalidated"
LIFECYCLE = "jobs.lifecycle"
BACKENDS = "backends.status"
CONTROL = "control.commands"
DECISIONS = "jobs.decisions"
COMPENSATIONS = "jobs.compensations"
REPORTED = "jobs.outcomes"
DEAD_LETTER_PREFIX = "dlq."
"""As Kafka asks it of every topic of dead letters (KIP-1191)."""
UNPUBLISHED = "control-plane.relay"
"""In the place of a group: what the relay could not publish."""

_JOB_EVENTS: tuple[type[Event], ...] = events.JobEvent.__args__


def queued(family: WorkerFamily, tier: Tier) -> str:
    """The topic that carries a tier's work orders to a family of workers."""
    return f"jobs.queued.{family}.{tier}"


def source_of(service: Service) -> str:
    """The CloudEvents source of what a service says."""
    return f"/queuebit/{service}"


def dead_letter(group: str) -> str:
    """The topic that keeps what a group of consumers could not take, with the reason in its headers."""
    return f"{DEAD_LETTER_PREFIX}{group}"


def is_dead_letter(topic: str) -> bool:
    """Whether it is such a topic."""
    return topic.startswith(DEAD_LETTER_PREFIX)


def family_of(lane: Lane) -> WorkerFamily:
    """Which workers serve a lane: the quantum-adapter runs quantum and simulator, the classical-solver the rest."""
    match lane:
        case "quantum" | "simulator":
            return "quantum"
        case "classical" | "rule":
            return "classical"
        case _:
            assert_never(lane)


_ENTRANCES = (
    Channel(
        SUBMITTED,
        "Questions asked by upstream services. Nothing in them is believed.",
        (events.JobSubmitted,),
        (),
        ("control-plane",),
        upstream_writes=True,
    ),
    Channel(
        ADMITTED,
        "Questions asked over HTTP, which the gateway has admitted.",
        (events.JobSubmitted,),
        ("gateway",),
        ("control-plane",),
    ),
    Channel(
        LARGE,
        "Large questions, apart, so that they hold up no others: admitted by the gateway, or not yet, as a header says.",
        (events.JobSubmitted,),
        ("gateway", "control-plane"),
        ("control-plane",),
    ),
)
_REPORTS = (
    Channel(
        EXECUTIONS,
        "What workers did: started, progressed, succeeded, failed, and what they used beyond that.",
        (
            events.JobStarted,
            events.ExecutionProgressed,
            events.ExecutionSucceeded,
            events.ExecutionFailed,
            events.LateUsageReported,
        ),
        ("quantum-adapter", "classical-solver"),
        ("control-plane", "result-validation"),
    ),
    Channel(
        VALIDATIONS,
        "Verdicts on answers.",
        (events.ResultValidated, events.ResultRejected),
        ("result-validation",),
        ("control-plane",),
    ),
    Channel(
        BACKENDS,
        "The latest status of each backend.",
        (events.BackendStatusReported,),
        ("quantum-adapter",),
        ("control-plane",),
        compacted=True,
        partitions=1,
    ),
)
_OUTCOMES = (
    Channel(
        COMPLETED,
        "Checked answers: what downstream services act on.",
        (events.JobCompleted, events.JobImproved),
        ("control-plane",),
        (),
        public=True,
    ),
    Channel(
        FAILED,
        "Jobs that ended without an answer, and questions that were refused.",
        (events.JobFailed, events.JobCancelled, events.JobExpired, events.JobRejected),
        ("control-plane",),
        (),
        public=True,
    ),
    Channel(
        INVALIDATED,
        "Completed jobs whose answers an operator found to be suspect: whoever acted on one looks at it again.",
        (events.JobInvalidated,),
        ("control-plane",),
        (),
        public=True,
    ),
    Channel(
        COMPENSATIONS,
        "Steps back that jobs named for when their answers do not count after all: whoever acted on them undoes it.",
        (events.CompensationRequested,),
        ("control-plane",),
        (),
        public=True,
    ),
    Channel(LIFECYCLE, "Every event of every job, for dashboards.", _JOB_EVENTS, ("control-plane",), (), public=True),
)
_COMMANDS = Channel(
    CONTROL,
    "Requests about jobs that exist, and attempts that nobody wants any more.",
    (commands.CancelJob, events.AttemptAbandoned),
    ("gateway", "control-plane"),
    ("control-plane", "quantum-adapter", "classical-solver"),
    broadcast=True,
)
_REPORTED = Channel(
    REPORTED,
    "What acting on answers brought, as downstream services say.",
    (events.OutcomeReported,),
    ("gateway",),
    ("control-plane",),
    upstream_writes=True,
    downstream_writes=True,
)
_DECISIONS = Channel(
    DECISIONS,
    "What people say over HTTP to plans that wait for them, and jobs whose answers take the place of others.",
    (commands.DecidePlan, events.SupersessionRequested),
    ("gateway", "control-plane"),
    ("control-plane",),
)


def _orders(family: WorkerFamily, reader: Service) -> Iterable[Channel]:
    for tier in TIERS:
        meaning = f"Work orders of the {tier} tier for the {reader}."
        yield Channel(queued(family, tier), meaning, (events.JobQueued,), ("control-plane",), (reader,))


def _dead_letters() -> Iterable[Channel]:
    groups: dict[str, Service] = {"control-plane": "control-plane", "control-plane.large": "control-plane"}
    workers: tuple[Service, ...] = ("quantum-adapter", "classical-solver")
    groups |= {f"{worker}.{tier}": worker for worker in workers for tier in TIERS}
    groups["result-validation"] = "result-validation"
    for group, service in groups.items():
        meaning = (
            f"What the group {group} could not take, as it came, the reason in its headers, and what waits behind it."
        )
        yield Channel(
            dead_letter(group),
            meaning,
            (),
            (service,),
            (service,),
            broadcast=True,
            partitions=1,
            retention_ms=30 * DAY_MS,
        )
    meaning = "What the relay of the control-plane could not publish, with the reason in its headers."
    yield Channel(dead_letter(UNPUBLISHED), meaning, (), ("control-plane",), (), partitions=1, retention_ms=30 * DAY_MS)


CHANNELS: tuple[Channel, ...] = (
    *_ENTRANCES,
    *_orders("quantum", "quantum-adapter"),
    *_orders("classical", "classical-solver"),
    *_REPORTS,
    *_OUTCOMES,
    _COMMANDS,
    _DECISIONS,
    _REPORTED,
    *_dead_letters(),
)
BY_TOPIC: dict[str, Channel] = {channel.topic: channel for channel in CHANNELS}
MEETING: frozenset[str] = frozenset(queued("classical", tier) for tier in TIERS)
"""Where a record may be keyed by what it asks instead of by its job, so that orders that ask the same meet at one worker."""


_PURPOSE: dict[str, str] = {
    events.JobCompleted.__name__: COMPLETED,
    events.JobImproved.__name__: COMPLETED,
    events.JobInvalidated.__name__: INVALIDATED,
    events.JobFailed.__name__: FAILED,
    events.JobCancelled.__name__: FAILED,
    events.JobExpired.__name__: FAILED,
    events.JobRejected.__name__: FAILED,
    events.AttemptAbandoned.__name__: CONTROL,
    events.CompensationRequested.__name__: COMPENSATIONS,
    events.SupersessionRequested.__name__: DECISIONS,
}


@cache
def topics_of(event_name: str, lane: Lane | None = None, tier: Tier | None = None) -> tuple[str, ...]:
    """Where the relay publishes a stored event of a job, its purpose first and `jobs.lifecycle` last.

    A work order (`JobQueued`) goes by its lane and tier.
    """
    if lane is not None and tier is not None:
        return (queued(family_of(lane), tier), LIFECYCLE)
    purpose = _PURPOSE.get(event_name)
    return (LIFECYCLE,) if purpose is None else (purpose, LIFECYCLE)
