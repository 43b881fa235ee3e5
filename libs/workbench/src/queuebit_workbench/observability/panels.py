"""What the dashboards show, panel by panel: titles, questions to Prometheus, units. Data alone."""

from __future__ import annotations

from dataclasses import dataclass

from queuebit_workbench.observability.promises import BURNS, PROMISES


@dataclass(frozen=True, slots=True)
class Panel:
    """`queries`: each with the legend of its lines. `unit` is Grafana's name of it."""

    title: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    about: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard: `name` is that of its file and its address."""

    name: str
    title: str
    panels: tuple[Panel, ...]


def _rate(metric: str, by: str) -> tuple[str, str]:
    return f"sum by ({by}) (rate({metric}[$__rate_interval]))", f"{{{{{by}}}}}"


def _each(question: str, *labels: str) -> tuple[str, str]:
    """A question with `BY` in it, answered for each set of these labels."""
    return question.replace("BY", f"by ({', '.join(labels)})"), " ".join(f"{{{{{label}}}}}" for label in labels)


def _quantiles(metric: str, *, by: str = "", where: str = "") -> tuple[tuple[str, str], ...]:
    kept = f"le, {by}" if by else "le"
    named = f" {{{{{by}}}}}" if by else ""
    return tuple(
        (
            f"histogram_quantile({share}, sum by ({kept}) (rate({metric}_bucket{where}[$__rate_interval])))",
            f"{text}{named}",
        )
        for share, text in ((0.5, "half"), (0.99, "99 %"))
    )


def _average(metric: str, by: str) -> tuple[str, str]:
    sums, counts = (f"sum by ({by}) (rate({metric}_{part}[$__rate_interval]))" for part in ("sum", "count"))
    return f"{sums} / {counts}", f"{{{{{by}}}}}"


JOBS = Board(
    "jobs",
    "Queuebit: jobs",
    (
        Panel("Jobs that ended", (_rate("queuebit_jobs_ended_total", "queuebit_job_state"),), "ops"),
        Panel("From question to end", _quantiles("queuebit_job_duration_seconds", by="queuebit_job_state"), "s"),
        Panel(
            "Our share of it",
            _quantiles("queuebit_job_own_duration_seconds"),
            "s",
            "Without the run of the execution that came last: that is the provider's, the simulator's or the solver's.",
        ),
        Panel("Their share of it", _quantiles("queuebit_job_run_duration_seconds", by="queuebit_lane"), "s"),
        Panel(
            "Ended in time",
            (
                (
                    'sum by (queuebit_tier) (rate(queuebit_jobs_due_total{queuebit_in_time="yes"}[$__rate_interval])) / '
                    "sum by (queuebit_tier) (rate(queuebit_jobs_due_total[$__rate_interval]))",
                    "{{queuebit_tier}}",
                ),
            ),
            "percentunit",
        ),
        Panel(
            "Ended within the bound that was told",
            (
                (
                    'sum(rate(queuebit_eta_scored_total{queuebit_within="yes"}[$__range])) / '
                    "sum(rate(queuebit_eta_scored_total[$__range]))",
                    "of 0.9",
                ),
            ),
            "percentunit",
        ),
        Panel(
            "Oldest work order", (("max by (queuebit_lane) (queuebit_queue_age_seconds)", "{{queuebit_lane}}"),), "s"
        ),
        Panel(
            "What gives way (1 measuring, 2 scheduled, 3 batch)",
            (("max by (queuebit_lane) (queuebit_release_relief)", "{{queuebit_lane}}"),),
            "short",
        ),
        Panel("Attempts that ended", (_rate("queuebit_attempts_total", "queuebit_outcome"),), "ops"),
        Panel(
            "Tried again, fallen back",
            (
                _rate("queuebit_attempts_again_total", "queuebit_lane"),
                _rate("queuebit_attempts_fallback_total", "queuebit_lane"),
            ),
            "ops",
        ),
        Panel("Rejected questions", (_rate("queuebit_rejections_total", "queuebit_code"),), "ops"),
        Panel(
            "Executions after the end",
            (("sum(rate(queuebit_executions_late_total[$__rate_interval]))", "late"),),
            "ops",
        ),
    ),
)
SERVICES = Board(
    "services",
    "Queuebit: services",
    (
        Panel(
            "Why no work flows",
            (_each("max BY (queuebit_not_ready)", "queuebit_code", "instance"),),
        ),
        Panel(
            "Records that wait",
            (("sum by (messaging_consumer_group_name) (queuebit_consumer_lag)", "{{messaging_consumer_group_name}}"),),
        ),
        Panel(
            "From record to done",
            _quantiles("queuebit_consumer_delay_seconds", by="messaging_consumer_group_name"),
            "s",
        ),
        Panel(
            "Taken by retention unread",
            (
                (
                    "sum by (messaging_consumer_group_name) (queuebit_consumer_unread_gone)",
                    "{{messaging_consumer_group_name}}",
                ),
            ),
        ),
        Panel("Sent", (_rate("messaging_client_sent_messages_total", "messaging_destination_name"),), "ops"),
        Panel("Read", (_rate("messaging_client_consumed_messages_total", "messaging_consumer_group_name"),), "ops"),
        Panel("Publishing", _quantiles("messaging_client_operation_duration_seconds"), "s"),
        Panel(
            "Handling a batch", (_average("messaging_process_duration_seconds", "messaging_consumer_group_name"),), "s"
        ),
        Panel(
            "Handlers that failed", (_rate("queuebit_consumer_failures_total", "messaging_consumer_group_name"),), "ops"
        ),
        Panel("Dead letters", (_rate("queuebit_dead_letters_total", "messaging_destination_name"),), "ops"),
        Panel("Requests over HTTP", (_rate("queuebit_gateway_requests_total", "queuebit_status_class"),), "ops"),
        Panel(
            "Answers over HTTP", _quantiles("queuebit_gateway_request_duration_seconds", by="queuebit_route_class"), "s"
        ),
        Panel(
            "Keys of personal data",
            (
                ("sum(increase(queuebit_personal_keys_moved_total[$__range]))", "moved on"),
                ("max(queuebit_personal_keys_overdue)", "overdue"),
            ),
        ),
        Panel("Events stored", (("sum(rate(queuebit_store_events_total[$__rate_interval]))", "stored"),), "ops"),
        Panel("Memory", (("process_resident_memory_bytes", "{{instance}}"),), "bytes"),
        Panel("Processor", (("rate(process_cpu_seconds_total[$__rate_interval])", "{{instance}}"),), "percentunit"),
    ),
)
RELAY = Board(
    "relay",
    "Queuebit: relay and projections",
    (
        Panel("From stored to published", _quantiles("queuebit_relay_delay_seconds"), "s"),
        Panel("Oldest that is not published", (("max(queuebit_relay_oldest_age_seconds)", "oldest"),), "s"),
        Panel("Not published", (("max(queuebit_relay_backlog)", "events"),)),
        Panel("Published", (("sum(rate(queuebit_relay_events_total[$__rate_interval]))", "published"),), "ops"),
        Panel("Held by an open transaction", (("max(queuebit_store_horizon_age_seconds)", "held"),), "s"),
        Panel("Who leads", (("queuebit_relay_leader", "{{instance}}"),)),
        Panel("For how long", (("time() - max(queuebit_relay_leader_since_seconds > 0)", "leads"),), "s"),
        Panel("Projections", (_rate("queuebit_projection_events_total", "queuebit_projection"),), "ops"),
        Panel("How far projections are behind", (("max(queuebit_projection_age_seconds)", "behind"),), "s"),
        Panel(
            "Projections that stand still",
            (_each("max BY (queuebit_projection_stopped)", "queuebit_projection"),),
        ),
    ),
)
BACKENDS = Board(
    "backends",
    "Queuebit: simulators beside hardware",
    (
        Panel(
            "Attempts",
            (
                (
                    "sum by (queuebit_backend, queuebit_outcome) (rate(queuebit_backend_attempts_total[$__rate_interval]))",
                    "{{queuebit_backend}} {{queuebit_outcome}}",
                ),
            ),
            "ops",
        ),
        Panel("Run", _quantiles("queuebit_backend_run_duration_seconds", by="queuebit_backend"), "s"),
        Panel("Shots", (_rate("queuebit_shots_total", "queuebit_backend"),), "ops"),
        Panel(
            "Spend",
            (
                (
                    "sum by (queuebit_backend, queuebit_currency) (increase(queuebit_spend_total[$__range]))",
                    "{{queuebit_backend}} {{queuebit_currency}}",
                ),
            ),
        ),
        Panel(
            "Verdicts",
            (
                (
                    "sum by (queuebit_backend, queuebit_verdict) (rate(queuebit_verdicts_total[$__rate_interval]))",
                    "{{queuebit_backend}} {{queuebit_verdict}}",
                ),
            ),
            "ops",
        ),
        Panel(
            "Runs that drifted",
            (
                (
                    "sum by (queuebit_backend) (increase(queuebit_backend_drifted_total[$__range]))",
                    "{{queuebit_backend}}",
                ),
            ),
        ),
        Panel(
            "Drift by standing probes",
            (("max by (queuebit_backend) (queuebit_backend_drift)", "{{queuebit_backend}}"),),
        ),
    ),
)
PROMISED = Board(
    "promises",
    "Queuebit: promises",
    tuple(
        Panel(
            f"{each.name}: how many times too fast the budget goes",
            tuple(
                (f"{each.series}_{window} / {each.budget:g}", window)
                for window in sorted({burn.long for burn in BURNS})
            ),
            about=f"{each.meaning} Promised to {each.objective:g} %.",
        )
        for each in PROMISES
    ),
)
BOARDS = (JOBS, SERVICES, RELAY, BACKENDS, PROMISED)
