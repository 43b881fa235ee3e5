"""What admitting a case takes, in units of a fixed piece of work that the same process does, so that machines cancel out."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_problems.admission import admit
from queuebit_problems.errors import ProblemError
from queuebit_problems.files import read_problem
from queuebit_workbench.fuzz.cases import Case

UNITS_MAX = 100.0
"""The bar: about a second of a machine that does the fixed work in ten milliseconds."""
STOP_CPU_S = 60.0
"""Processor time after which a case is given up; it is above any bar then."""
ROUNDS = 60_000
AGAIN_MAX = 3
"""How often a case that seems dear is measured, the least counting: others use the same processor and its caches."""


class _TooLong(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Reading:
    """What a case took. `outcome` is admitted, refused, stopped, or the name of an error that nobody should see."""

    case: Case
    units: float
    cpu_s: float
    outcome: str

    @property
    def sound(self) -> bool:
        return self.outcome in ("admitted", "refused")


def work() -> int:
    """The fixed work: calls, look-ups and small numbers, as admission does."""
    table: dict[int, int] = {}
    for k in range(ROUNDS):
        table[k & 255] = max(table.get(k & 1023, 0), _step(k))
    return len(table)


def _step(k: int) -> int:
    return (k * 7 + 3) % 1000


def unit_s(rounds: int = 3) -> float:
    """Processor seconds of the fixed work, the least of a few rounds."""
    return min(_cpu_s(work) for _ in range(rounds))


def _cpu_s(done: Callable[[], object]) -> float:
    begun = time.process_time()
    done()
    return time.process_time() - begun


def measure(case: Case, unit: float) -> Reading:
    """Admit a case. `unit` is a recent `unit_s`; what seems to be near the bar is measured again, with units of its own."""
    reading = _once(case, unit)
    for _ in range(AGAIN_MAX - 1):
        if reading.units < UNITS_MAX / 2 or reading.outcome == "stopped":
            break
        reading = min(reading, _once(case, unit_s()), key=lambda each: each.units)
    return reading


def _once(case: Case, unit: float) -> Reading:
    begun = time.process_time()
    outcome = _admitted(case)
    cpu_s = time.process_time() - begun
    return Reading(case, cpu_s / unit, cpu_s, outcome)


def _admitted(case: Case) -> str:
    try:
        with _stopped_after(STOP_CPU_S):
            if case.form == "file":
                problem = read_problem(case.data, file_name="file", kind=case.kind)
            else:
                problem = Problem(kind=case.kind or "", statement=case.data)
            admit(JobRequest(tenant="t", problem=problem))
    except ProblemError:
        return "refused"
    except _TooLong:
        return "stopped"
    except Exception as error:
        return type(error).__name__
    return "admitted"


@contextmanager
def _stopped_after(cpu_s: float) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
