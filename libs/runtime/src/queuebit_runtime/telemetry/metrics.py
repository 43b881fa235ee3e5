"""Every metric once: its name, kind, unit and meaning. Labels are few and closed, or bounded where they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Kind = Literal["counter", "histogram", "gauge"]

DURATION_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The buckets that the semantic conventions of messaging ask for."""


@dataclass(frozen=True, slots=True)
class MetricInfo:
    name: str
    kind: Kind
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()


class Metric(Enum):
    """The metrics of all services."""

    SENT = MetricInfo(
        "messaging.client.sent.messages",
        "counter",
        "{message}",
        "Records acknowledged by the bus.",
        ("messaging.destination.name",),
    )
    CONSUMED = MetricInfo(
        "messaging.client.consumed.messages",
        "counter",
        "{message}",
        "Records delivered to a handler.",
        ("messaging.destination.name", "messaging.consumer.group.name"),
    )
    SEND_DURATION = MetricInfo(
        "messaging.client.operation.duration",
        "histogram",
        "s",
        "From a publish to its acknowledgement.",
        ("messaging.operation.name",),
    )
    PROCESS_DURATION = MetricInfo(
        "messaging.process.duration",
        "histogram",
        "s",
        "How long a handler took for a batch.",
        ("messaging.consumer.group.name",),
    )
    CONSUMER_DELAY = MetricInfo(
        "queuebit.consumer.delay",
        "histogram",
        "s",
        "From the time of the oldest record of a batch to the end of its handler.",
        ("messaging.consumer.group.name",),
    )
    DEAD_LETTERS = MetricInfo(
        "queuebit.dead_letters",
        "counter",
        "{message}",
        "Records that were put into the dead letters.",
        ("messaging.destination.name",),
    )
    HANDLER_FAILURES = MetricInfo(
        "queuebit.consumer.failures",
        "counter",
        "{failure}",
        "Batches whose handler failed and that come again.",
        ("messaging.consumer.group.name",),
    )
    LAG = MetricInfo(
        "queuebit.consumer.lag",
        "gauge",
        "{message}",
        "Records that the group has not done yet, in the partitions of this process, as far as it knows the end of the topic.",
        ("messaging.consumer.group.name", "messaging.destination.name"),
    )
    UNREAD_GONE = MetricInfo(
        "queuebit.consumer.unread.gone",
        "gauge",
        "{message}",
        "Records that retention took before the group had read them, seen by this process since it started.",
        ("messaging.consumer.group.name", "messaging.destination.name"),
    )
    NOT_READY = MetricInfo(
        "queuebit.not_ready",
        "gauge",
        "",
        "1 for each reason why no work can flow through the process.",
        ("queuebit.code",),
    )
    REQUESTS = MetricInfo(
        "queuebit.gateway.requests",
        "counter",
        "{request}",
        "HTTP requests that were answered, by class of route and of status.",
        ("queuebit.route.class", "queuebit.status.class"),
    )
    REQUEST_DURATION = MetricInfo(
        "queuebit.gateway.request.duration",
        "histogram",
        "s",
        "From a request over HTTP to the end of its answer; streams last as long as they are read.",
        ("queuebit.route.class", "queuebit.status.class"),
    )
    JOBS_ENDED = MetricInfo(
        "queuebit.jobs.ended", "counter", "{job}", "Jobs that ended, by state.", ("queuebit.job.state",)
    )
    JOB_DURATION = MetricInfo(
        "queuebit.job.duration", "histogram", "s", "From submission to the end of a job.", ("queuebit.job.state",)
    )
    JOBS_DUE = MetricInfo(
        "queuebit.jobs.due",
        "counter",
        "{job}",
        "Jobs that ended, by tier and whether within their latency budget; those that were withdrawn are not counted.",
        ("queuebit.tier", "queuebit.in_time"),
    )
    ETA_SCORED = MetricInfo(
        "queuebit.eta.scored",
        "counter",
        "{job}",
        "Jobs whose end was looked at after it was told when to expect it, by whether it was within the 90 % bound.",
        ("queuebit.within",),
    )
    JOB_OWN_DURATION = MetricInfo(
        "queuebit.job.own.duration",
        "histogram",
        "s",
        "What of a job's duration was ours: without the run of the execution that its end came with.",
    )
    JOB_RUN_DURATION = MetricInfo(
        "queuebit.job.run.duration",
        "histogram",
        "s",
        "The run of the execution that a job's end came with: a provider's queue and device, a simulator, a solver.",
        ("queuebit.lane",),
    )
    REJECTIONS = MetricInfo(
        "queuebit.rejections",
        "counter",
        "{job}",
        "Questions that were rejected, by the code of the reason.",
        ("queuebit.code",),
    )
    LATE_EXECUTIONS = MetricInfo(
        "queuebit.executions.late", "counter", "{execution}", "Executions that were reported of a job that had ended."
    )
    QUEUE_AGE = MetricInfo(
        "queuebit.queue.age",
        "gauge",
        "s",
        "How long the oldest work order waits at this worker; tenants beyond the first fifty are one, `other`.",
        ("queuebit.tenant", "queuebit.lane"),
    )
    RELEASE_RELIEF = MetricInfo(
        "queuebit.release.relief",
        "gauge",
        "1",
        "How far a lane is relieved: 0 not at all, 1 nothing is only measured, 2 scheduled jobs wait, 3 batch jobs too.",
        ("queuebit.lane",),
    )
    ATTEMPTS = MetricInfo(
        "queuebit.attempts", "counter", "{attempt}", "Attempts that a worker ended, by outcome.", ("queuebit.outcome",)
    )
    ATTEMPTS_AGAIN = MetricInfo(
        "queuebit.attempts.again",
        "counter",
        "{attempt}",
        "Work orders that a worker took and that were not the first of their leg.",
        ("queuebit.lane",),
    )
    ATTEMPTS_FALLBACK = MetricInfo(
        "queuebit.attempts.fallback",
        "counter",
        "{attempt}",
        "Work orders that a worker took and whose leg was a fallback.",
        ("queuebit.lane",),
    )
    BACKEND_ATTEMPTS = MetricInfo(
        "queuebit.backend.attempts",
        "counter",
        "{attempt}",
        "Attempts on simulators and devices that ended, by backend and outcome.",
        ("queuebit.backend", "queuebit.outcome"),
    )
    BACKEND_RUN_DURATION = MetricInfo(
        "queuebit.backend.run.duration",
        "histogram",
        "s",
        "How long an attempt on a simulator or device took, its queue included, by backend.",
        ("queuebit.backend",),
    )
    SHOTS = MetricInfo(
        "queuebit.shots", "counter", "{shot}", "Shots that were used, by backend.", ("queuebit.backend",)
    )
    SPEND = MetricInfo(
        "queuebit.spend",
        "counter",
        "{currency}",
        "What attempts cost, by backend and currency; budgets count exactly, this is for pictures.",
        ("queuebit.backend", "queuebit.currency"),
    )
    VERDICTS = MetricInfo(
        "queuebit.verdicts",
        "counter",
        "{verdict}",
        "Verdicts on answers, by what gave the answer.",
        ("queuebit.backend", "queuebit.verdict"),
    )
    BACKEND_DRIFTED = MetricInfo(
        "queuebit.backend.drifted",
        "counter",
        "{run}",
        "Runs of a circuit that a backend ran before and now answers otherwise, beyond chance and the limit.",
        ("queuebit.backend",),
    )
    BACKEND_DRIFT = MetricInfo(
        "queuebit.backend.drift",
        "gauge",
        "1",
        "How far the standing probes of a backend have moved, as a cumulative sum in standard errors; beyond 5 it has drifted.",
        ("queuebit.backend",),
    )
    RELAY_DELAY = MetricInfo(
        "queuebit.relay.delay", "histogram", "s", "From the time of the oldest event of a batch to its acknowledgement."
    )
    RELAYED = MetricInfo("queuebit.relay.events", "counter", "{event}", "Stored events that were published.")
    RELAY_OLDEST = MetricInfo(
        "queuebit.relay.oldest.age", "gauge", "s", "Age of the oldest event that is not published."
    )
    RELAY_BACKLOG = MetricInfo("queuebit.relay.backlog", "gauge", "{event}", "Stored events that are not published.")
    RELAY_POSITION = MetricInfo(
        "queuebit.relay.position",
        "gauge",
        "",
        "How far stored events are published, as one number that never falls: the epoch times 2^44, and the transaction id.",
    )
    RELAY_LEADER = MetricInfo("queuebit.relay.leader", "gauge", "", "1 where this process leads the relay, else 0.")
    RELAY_LEADER_SINCE = MetricInfo(
        "queuebit.relay.leader.since", "gauge", "s", "Since when this process leads, in Unix time; 0 where it does not."
    )
    HORIZON_AGE = MetricInfo(
        "queuebit.store.horizon.age",
        "gauge",
        "s",
        "How long the oldest event has been stored that an open transaction keeps from whoever reads in order.",
    )
    PROJECTED = MetricInfo(
        "queuebit.projection.events",
        "counter",
        "{event}",
        "Stored events that a projection took.",
        ("queuebit.projection",),
    )
    PROJECTION_AGE = MetricInfo(
        "queuebit.projection.age",
        "gauge",
        "s",
        "How old the last event is that the projections of this process have come to while others wait; 0 where none does.",
    )
    PROJECTION_STOPPED = MetricInfo(
        "queuebit.projection.stopped",
        "gauge",
        "",
        "1 for each projection that stands still before an event that it cannot take.",
        ("queuebit.projection",),
    )
    KEYS_MOVED = MetricInfo(
        "queuebit.personal.keys.moved",
        "counter",
        "{key}",
        "Keys of subjects that were moved on: what they sealed longer ago than personal data is kept opens no more.",
    )
    KEYS_OVERDUE = MetricInfo(
        "queuebit.personal.keys.overdue",
        "gauge",
        "{key}",
        "Keys of subjects that could not be moved on at the last look, so that personal data is kept too long.",
    )
    APPENDED = MetricInfo("queuebit.store.events", "counter", "{event}", "Events that were appended.")


METRICS: tuple[MetricInfo, ...] = tuple(metric.value for metric in Metric)
