"""Published schedules: the order of the jobs on each machine or when each operation starts; the order of a flow shop."""

from __future__ import annotations

from collections.abc import Sequence

from queuebit_problems.errors import UnreadableFile
from queuebit_problems.formats.text import count_of
from queuebit_problems.kind import Solution

Jobs = Sequence[Sequence[tuple[int, int]]]
"""The operations of each job: machine and duration."""
_REMEDY = "State for each machine a line of its jobs in order, or for each job a line of its starts; or JSON."


def read_schedule(text: str, jobs: Jobs, machines: int, file_name: str) -> Solution:
    """A line of jobs for each machine, jobs from 0 or from 1, or a line of starts for each job; before them perhaps the
    makespan. Of an order each operation starts as early as it can. Raises UnreadableFile, also where both could be meant.
    """
    rows = _rows(text, file_name, _REMEDY)
    claimed = rows.pop(0)[0] if len(rows) > 1 and len(rows[0]) == 1 and len(rows[1]) > 1 else None
    starts = len(rows) == len(jobs) and all(len(row) == len(job) for row, job in zip(rows, jobs, strict=True))
    orders = _orders(rows, jobs, machines)
    if starts and orders is not None:
        raise _refused(file_name, "could list the jobs of each machine or the starts of each job", "State it as JSON.")
    if orders is not None:
        return Solution({"start": _earliest(orders, jobs, file_name)}, claimed)
    if starts:
        return Solution({"start": rows}, claimed)
    told = f"should have {machines} lines with each job of a machine once, or {len(jobs)} lines of starts"
    raise _refused(file_name, told, _REMEDY)


def read_order(text: str, jobs: int, file_name: str) -> Solution:
    """The jobs of a flow shop in their order, from 0 or from 1, perhaps after a line with the makespan."""
    remedy = "State the jobs in their order."
    rows = _rows(text, file_name, remedy)
    claimed = rows.pop(0)[0] if len(rows) > 1 and len(rows[0]) == 1 and sum(map(len, rows)) == jobs + 1 else None
    order = [job for row in rows for job in row]
    first = min(order, default=0)
    if first not in (0, 1) or sorted(order) != list(range(first, first + jobs)):
        raise _refused(file_name, f"should hold each of the {jobs} jobs once, from 0 or from 1", remedy)
    return Solution({"order": [job - first for job in order]}, claimed)


def _rows(text: str, file_name: str, remedy: str) -> list[list[int]]:
    rows: list[list[int]] = []
    for line, content in enumerate(text.splitlines(), start=1):
        tokens = content.partition("#")[0].replace(",", " ").split()
        numbers = [count_of(token) for token in tokens]
        if None in numbers:
            raise _refused(file_name, f"line {line} should hold whole numbers alone", remedy)
        if tokens:
            rows.append([number for number in numbers if number is not None])
    return rows


def _orders(rows: list[list[int]], jobs: Jobs, machines: int) -> list[list[int]] | None:
    """The jobs of each machine in order, from 0; None where the rows are none."""
    mine: list[list[int]] = [[] for _ in range(machines)]
    for job, operations in enumerate(jobs):
        for machine, _ in operations:
            mine[machine].append(job)
    if len(rows) != machines or any(len(set(each)) < len(each) for each in mine):
        return None
    for first in (0, 1):
        found = [[job - first for job in row] for row in rows]
        if [sorted(row) for row in found] == mine:
            return found
    return None


def _earliest(orders: list[list[int]], jobs: Jobs, file_name: str) -> list[list[int]]:
    starts: list[list[int]] = [[] for _ in jobs]
    free_job, free_machine, at = [0] * len(jobs), [0] * len(orders), [0] * len(orders)
    ready = list(range(len(jobs)))
    while ready:
        job = ready.pop()
        while len(starts[job]) < len(jobs[job]):
            machine, duration = jobs[job][len(starts[job])]
            if orders[machine][at[machine]] != job:
                break
            start = max(free_job[job], free_machine[machine])
            starts[job].append(start)
            free_job[job] = free_machine[machine] = start + duration
            at[machine] += 1
            if at[machine] < len(orders[machine]):
                ready.append(orders[machine][at[machine]])
    if any(len(mine) < len(job) for mine, job in zip(starts, jobs, strict=True)):
        raise _refused(file_name, "has orders of machines that wait for each other", "Correct the orders.")
    return starts


def _refused(file_name: str, detail: str, remedy: str) -> UnreadableFile:
    return UnreadableFile(f"{file_name or 'The solution'} {detail}.", remedy=remedy)
