"""Every alert once, with the page that says what to do and the drill that rehearses it: all three have one name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression that holds for so long. `sign` tells it from the others of its alert."""

    sign: str
    expr: str
    lasting: str
    severity: str
    summary: str


@dataclass(frozen=True, slots=True)
class Alert:
    """`page` is the name of the runbook and of the drill. It fires where one of the conditions holds, or a promise burns."""

    page: str
    conditions: tuple[Condition, ...]
    promises: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As Prometheus has it: `QueuebitStalledRelay` of `stalled-relay`."""
        return "Queuebit" + "".join(word.capitalize() for word in self.page.split("-"))


def _told(codes: str) -> str:
    """Some process says one of these codes."""
    return f'max by (queuebit_code) (queuebit_not_ready{{queuebit_code=~"{codes}"}}) > 0'


def _counted(by: str, series: str, window: str) -> str:
    """Something was counted in the window, be it the first that was ever counted: a series begins with its first count, and
    no increase leads up to that.
    """
    return f"sum by ({by}) (increase({series}[{window}])) > 0 or sum by ({by}) ({series} unless {series} offset {window}) > 0"


ALERTS: tuple[Alert, ...] = (
    Alert(
        "stalled-relay",
        (
            Condition(
                "told",
                _told("relay_stalled|horizon_held"),
                "30s",
                "page",
                "Stored events do not reach Kafka: {{ $labels.queuebit_code }}.",
            ),
            Condition(
                "leaderless",
                "sum(queuebit_relay_leader) == 0 or absent(queuebit_relay_leader)",
                "1m",
                "page",
                "No control plane leads: nothing that is stored is published.",
            ),
        ),
        ("events",),
    ),
    Alert(
        "database-lost",
        (
            Condition(
                "told",
                _told("postgres_unavailable|postgres_read_only"),
                "30s",
                "page",
                "PostgreSQL takes no writes: {{ $labels.queuebit_code }}.",
            ),
        ),
    ),
    Alert(
        "kafka-ahead",
        (
            Condition(
                "back",
                "max(queuebit_relay_position) < max(max_over_time(queuebit_relay_position[6h]))",
                "0s",
                "page",
                "The store stands at an earlier place than it stood before: it was restored, and Kafka knows more than it.",
            ),
        ),
    ),
    Alert(
        "broker-lost",
        (
            Condition(
                "told",
                _told("kafka_down|kafka_stalled"),
                "30s",
                "page",
                "Kafka takes nothing: {{ $labels.queuebit_code }}.",
            ),
        ),
    ),
    Alert(
        "poison-record",
        (
            Condition(
                "letters",
                _counted("messaging_destination_name", "queuebit_dead_letters_total", "15m"),
                "0s",
                "ticket",
                "Records were set aside on {{ $labels.messaging_destination_name }}.",
            ),
            Condition(
                "alike",
                _told("many_fail_alike"),
                "1m",
                "page",
                "A group pauses: many different jobs fail alike in one handler.",
            ),
        ),
    ),
    Alert(
        "stopped-projection",
        (
            Condition(
                "stopped",
                "max by (queuebit_projection) (queuebit_projection_stopped) > 0",
                "1m",
                "ticket",
                "The projection {{ $labels.queuebit_projection }} stands still before an event.",
            ),
        ),
    ),
    Alert(
        "wrong-results-from-a-backend",
        (
            Condition(
                "drift",
                _counted("queuebit_backend", "queuebit_backend_drifted_total", "1h"),
                "0s",
                "ticket",
                "{{ $labels.queuebit_backend }} gives other answers to the same circuits than before, beyond chance.",
            ),
            Condition(
                "probes",
                "max by (queuebit_backend) (queuebit_backend_drift) > 5",
                "0s",
                "ticket",
                "The standing probes of {{ $labels.queuebit_backend }} come out otherwise than they used to, beyond chance.",
            ),
            Condition(
                "wrong",
                'sum by (queuebit_backend) (increase(queuebit_verdicts_total{queuebit_verdict="rejected"}[1h])) >= 5 and '
                'sum by (queuebit_backend) (increase(queuebit_verdicts_total{queuebit_verdict="rejected"}[1h])) '
                "> 0.05 * sum by (queuebit_backend) (increase(queuebit_verdicts_total[1h]))",
                "0s",
                "page",
                "More than one in twenty answers of {{ $labels.queuebit_backend }} is wrong.",
            ),
        ),
    ),
    Alert(
        "late-jobs",
        (
            Condition(
                "waiting",
                "max by (queuebit_lane) (queuebit_queue_age_seconds) > 300",
                "5m",
                "ticket",
                "The oldest work order of the {{ $labels.queuebit_lane }} lane waits for {{ $value | humanizeDuration }}.",
            ),
            Condition(
                "absent",
                'absent(queuebit_consumer_lag{messaging_consumer_group_name=~".*classical-solver.*"})',
                "1m",
                "page",
                "No classical solver tells anything of itself: is one running?",
            ),
        ),
        ("interactive", "batch"),
    ),
    Alert(
        "closed-door",
        (
            Condition(
                "absent",
                "absent(queuebit_gateway_requests_total)",
                "1m",
                "page",
                "No gateway tells anything of itself: is one running?",
            ),
        ),
        ("acceptance",),
    ),
)
