"""Data minimisation, job by job: where what it said lies and for how long, and what went out of the house. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from queuebit_contracts import events as ev
from queuebit_contracts.channels import BY_TOPIC, DAY_MS, LIFECYCLE, topics_of
from queuebit_contracts.regions import region_of_arn, regions_of
from queuebit_contracts.sealed import SUBJECT_LABEL, token_of
from queuebit_operations.privacy.classes import DataClass, class_of, confidential_fields
from queuebit_store.submissions.port import Submission

NOT_SAID = "not said"
NOTHING_STATED: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of event of the job: in which class, which fields hold a customer's data, and on which topics for how many days
    beside the store.
    """

    event: str
    count: int
    data_class: DataClass
    fields: tuple[str, ...]
    topics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Given:
    """What a provider was given: the text of a circuit or model made of the problem, never the statement itself."""

    backend: str
    region: str
    provider_id: str | None
    state: str
    sent_bytes: int | None
    sha256: str
    at: str


@dataclass(frozen=True, slots=True)
class Report:
    """`inside`: the backends of this house that worked on it. `regions`: where its data may go; None where it does not say."""

    job: UUID
    tenant: str
    subject: str | None
    sealed: bool
    kept: tuple[Kept, ...]
    given: tuple[Given, ...]
    inside: tuple[str, ...]
    regions: tuple[str, ...] | None = None

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "job": str(self.job)}


def legs_of(events: Sequence[ev.Event]) -> tuple[str, ...]:
    """The legs that anything was ordered for."""
    return tuple(dict.fromkeys(each.leg for each in events if isinstance(each, ev.JobQueued)))


def report_of(
    job: UUID,
    events: Sequence[ev.Event],
    submissions: Sequence[tuple[Submission, int | None]],
    regions: Mapping[str, str] = NOTHING_STATED,
) -> Report | None:
    """The report of a job by its events in order, and what was handed in for it, each with the bytes that were sent where they
    are still known. `regions`: what backends state of where they stand. None where the events are not those of a job.
    """
    asked = next((each for each in events if isinstance(each, ev.JobSubmitted)), None)
    if asked is None:
        return None
    subject = asked.request.labels.get(SUBJECT_LABEL)
    counts: dict[type[ev.Event], list[ev.Event]] = {}
    for event in events:
        counts.setdefault(type(event), []).append(event)
    kept = tuple(_kept(model, some, of_subject=subject is not None) for model, some in counts.items())
    given = tuple(_given(submission, sent, regions) for submission, sent in submissions)
    outside = {each.backend for each in given}
    ran = dict.fromkeys(each.ran.backend for each in events if isinstance(each, ev.ExecutionSucceeded))
    sealed = token_of(asked.request.problem.statement) is not None
    inside = tuple(each for each in ran if each not in outside)
    return Report(job, asked.request.tenant, subject, sealed, kept, given, inside, regions_of(asked.request.params))


def _kept(model: type[ev.Event], some: Sequence[ev.Event], *, of_subject: bool) -> Kept:
    topics: set[str] = set()
    for event in some:
        ordered = (event.lane, event.tier) if isinstance(event, ev.JobQueued) else (None, None)
        topics |= set(topics_of(model.__name__, *ordered)) or {LIFECYCLE}
    days = {topic: BY_TOPIC[topic].retention_ms / DAY_MS for topic in sorted(topics)}
    return Kept(model.__name__, len(some), class_of(model, of_subject=of_subject), confidential_fields(model), days)


def _given(submission: Submission, sent: int | None, regions: Mapping[str, str]) -> Given:
    return Given(
        submission.backend,
        regions.get(submission.backend) or region_of_arn(submission.backend) or NOT_SAID,
        submission.provider_id,
        submission.state.value,
        sent,
        submission.request_hash,
        submission.created_at.isoformat(timespec="seconds"),
    )
