"""What is promised, as shares of good events: from these come recording rules, burn-rate alerts and a dashboard."""

from __future__ import annotations

from dataclasses import dataclass

WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
PERIOD_DAYS = 28


@dataclass(frozen=True, slots=True)
class Promise:
    """`good` and `total` are rates over `{window}`; `objective` is the share in percent that is to be good."""

    name: str
    meaning: str
    objective: float
    good: str
    total: str

    @property
    def budget(self) -> float:
        """The share that may be bad."""
        return round(1 - self.objective / 100, 6)

    @property
    def series(self) -> str:
        """What its recorded share of bad events is called, without the window."""
        return f"queuebit:{self.name}:bad_ratio"

    def bad_ratio(self, window: str) -> str:
        """The share that was bad in the window; nothing where nothing happened."""
        good, total = (text.replace("{window}", window) for text in (self.good, self.total))
        return f"clamp_min(1 - (({good}) / ({total} > 0)), 0)"


_SUBMIT = 'queuebit_route_class="submit"'
PROMISES: tuple[Promise, ...] = (
    Promise(
        "acceptance",
        "A question over HTTP is taken, or lawfully refused, within 250 ms.",
        99.9,
        f'sum(rate(queuebit_gateway_request_duration_seconds_bucket{{{_SUBMIT},queuebit_status_class!="5xx",le="0.25"}}[{{window}}]))',
        f"sum(rate(queuebit_gateway_request_duration_seconds_count{{{_SUBMIT}}}[{{window}}]))",
    ),
    Promise(
        "interactive",
        "An interactive job ends within its latency budget.",
        99.0,
        'sum(rate(queuebit_jobs_due_total{queuebit_tier="interactive",queuebit_in_time="yes"}[{window}]))',
        'sum(rate(queuebit_jobs_due_total{queuebit_tier="interactive"}[{window}]))',
    ),
    Promise(
        "batch",
        "A batch or scheduled job ends within its latency budget.",
        99.5,
        'sum(rate(queuebit_jobs_due_total{queuebit_tier!="interactive",queuebit_in_time="yes"}[{window}]))',
        'sum(rate(queuebit_jobs_due_total{queuebit_tier!="interactive"}[{window}]))',
    ),
    Promise(
        "events",
        "A stored event is on Kafka within one second.",
        99.9,
        'sum(rate(queuebit_relay_delay_seconds_bucket{le="1.0"}[{window}]))',
        "sum(rate(queuebit_relay_delay_seconds_count[{window}]))",
    ),
)
BY_NAME = {each.name: each for each in PROMISES}


@dataclass(frozen=True, slots=True)
class Burn:
    """The budget is used `factor` times as fast as it may be, over a long window and still over a short one."""

    factor: float
    long: str
    short: str
    severity: str


BURNS = (
    Burn(14.4, "1h", "5m", "page"),
    Burn(6.0, "6h", "30m", "page"),
    Burn(3.0, "1d", "2h", "ticket"),
    Burn(1.0, "3d", "6h", "ticket"),
)
"""As the workbook on site reliability has them: 2 %, 5 %, 10 % and 10 % of a 28-day budget."""
