"""What telemetry hears of the jobs that ended in one round: counted together, as most of them ended alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from queuebit_control_plane.work import Work
from queuebit_domain.job.state import EndedJob
from queuebit_runtime.telemetry import semconv
from queuebit_runtime.telemetry.metrics import Metric
from queuebit_runtime.telemetry.port import Telemetry
from queuebit_runtime.telemetry.trace_context import says_kept


def measure_ends(telemetry: Telemetry, ended: Sequence[tuple[Work, EndedJob]], now: datetime) -> None:
    """Count ends by state and in time or not, rejections by code; and how long jobs took, by state, by lane, and beside their
    runs. The duration of a job whose trace is kept is told alone, as it is an example.
    """
    states, codes, due = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    took_s, ran_s, own_s = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list), list[float]()
    for work, job in ended:
        word, trace = job.state, work.trace
        states[word] += 1
        duration_s = (now - work.began_at).total_seconds() if work.began_at else 0.0
        if trace is not None and says_kept(trace):
            telemetry.observe(Metric.JOB_DURATION, duration_s, {semconv.JOB_STATE: word}, trace)
        else:
            took_s[word].append(duration_s)
        if work.rejection is not None:
            codes[work.rejection] += 1
        elif word != "cancelled" and job.tier:
            due[job.tier, "no" if work.due_at is not None and now > work.due_at else "yes"] += 1
        if (execution := work.execution) is not None:
            run_s = max(0.0, (execution.finished_at - execution.started_at).total_seconds())
            ran_s[execution.lane].append(run_s)
            own_s.append(max(0.0, duration_s - run_s))
    for state, count in states.items():
        telemetry.count(Metric.JOBS_ENDED, count, {semconv.JOB_STATE: state})
    for code, count in codes.items():
        telemetry.count(Metric.REJECTIONS, count, {semconv.CODE: code})
    for (tier, in_time), count in due.items():
        telemetry.count(Metric.JOBS_DUE, count, {semconv.TIER: tier, semconv.IN_TIME: in_time})
    for state, values in took_s.items():
        telemetry.observe_all(Metric.JOB_DURATION, values, {semconv.JOB_STATE: state})
    for lane, values in ran_s.items():
        telemetry.observe_all(Metric.JOB_RUN_DURATION, values, {semconv.LANE: lane})
    if own_s:
        telemetry.observe_all(Metric.JOB_OWN_DURATION, own_s)
