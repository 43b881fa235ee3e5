"""What telemetry hears of answers and failures: what gave them, what they used and cost, what the verdict was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from queuebit_contracts.events import ExecutionFailed, ExecutionSucceeded, ResultRejected, ResultValidated
from queuebit_contracts.jobs import Cost, Usage
from queuebit_runtime.telemetry import semconv
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import Telemetry

SUCCEEDED = "succeeded"
REJECTED = "rejected"
COUNTED_LANES = frozenset({"quantum", "simulator"})
"""Whose backends are counted one by one. How solvers fare is in the attempts of their workers."""

Verdict = ResultValidated | ResultRejected


def measure_execution(telemetry: Telemetry, execution: ExecutionSucceeded | ExecutionFailed) -> None:
    """An attempt ended: on a simulator or a device, how and what of it was used."""
    if isinstance(execution, ExecutionFailed):
        if execution.backend is not None:
            _measure_run(telemetry, execution.backend, execution.code.value, execution.usage, execution.cost)
        return
    if execution.lane in COUNTED_LANES:
        backend = execution.ran.backend
        run_s = max(0.0, (execution.finished_at - execution.started_at).total_seconds())
        telemetry.observe(Metric.BACKEND_RUN_DURATION, run_s, {semconv.BACKEND: backend})
        _measure_run(telemetry, backend, SUCCEEDED, execution.usage, execution.cost)


def measure_verdicts(telemetry: Telemetry, verdicts: Iterable[tuple[ExecutionSucceeded, Verdict]]) -> None:
    """Count verdicts by what gave the answers."""
    counts = Counter(
        [
            (execution.ran.backend, verdict.verdict if type(verdict) is ResultValidated else REJECTED)
            for execution, verdict in verdicts
        ]
    )
    for (backend, word), count in counts.items():
        telemetry.count(Metric.VERDICTS, count, {semconv.BACKEND: backend, semconv.VERDICT: word})


def _measure_run(telemetry: Telemetry, backend: str, outcome: str, usage: Usage, cost: Cost) -> None:
    labels = {semconv.BACKEND: backend}
    telemetry.count(Metric.BACKEND_ATTEMPTS, labels={**labels, semconv.OUTCOME: outcome})
    if usage.shots:
        telemetry.count(Metric.SHOTS, usage.shots, labels)
    for amount, currency in (
        (cost.amount, cost.currency),
        *((each.amount, each.currency) for each in cost.further or ()),
    ):
        if float(amount):
            telemetry.count(Metric.SPEND, float(amount), {**labels, semconv.CURRENCY: currency})
