"""Files of job shops: JSPLIB, collections of the OR-Library, Taillard."""

from __future__ import annotations

from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.shops import (
    collected_problem,
    counts,
    is_collection,
    is_taillard,
    pairs,
    table,
    taillard_problem,
)
from queuebit_problems.formats.text import Rows, count_of
from queuebit_problems.kind import Params
from queuebit_problems.kinds.scheduling.job_shop_statement import (
    DURATION_MAX,
    JOBS_MAX,
    MACHINES_MAX,
    OPERATIONS_MAX,
    JobShopStatement,
)

FORMATS = (
    "JSPLIB: `jobs machines`, then for each job a line of `machine duration` pairs, machines from 0",
    "OR-Library: the same for each of several, after a line `instance name`",
    "Taillard: a line that begins with `Nb of jobs`, the counts, the blocks Times and Machines (from 1); several in a file",
)


def read_job_shop(text: str, file_name: str, params: Params | None) -> JobShopStatement:
    """The job shop of a file. Raises UnreadableFile with the line."""
    rows = Rows(text, file_name=file_name, remedy=f"Job shop reads {'; or '.join(FORMATS)}.")
    if is_taillard(text, machines=True):
        return _checked(rows, *_of_taillard(rows, params))
    if is_collection(text):
        listed = collected_problem(rows, params)
        sizes = counts(rows, listed, JOBS_MAX, MACHINES_MAX)
        return _checked(rows, sizes[1], list(pairs(rows, listed, *sizes, DURATION_MAX)))
    header = rows.take("`jobs machines`")
    stated = rows.columns(header, (2,), "the first line")
    jobs = rows.integer(header, stated[0], "the number of jobs", 1, JOBS_MAX)
    machines = rows.integer(header, stated[1], "the number of machines", 1, MACHINES_MAX)
    found: list[list[tuple[int, int]]] = []
    for job in range(jobs):
        row = rows.take(f"job {job + 1} of {jobs}")
        if len(row.tokens) % 2:
            raise rows.error(row, f"a job should have pairs of numbers, not {len(row.tokens)} numbers")
        ids = [rows.integer(row, token, "a machine", 0, machines - 1) for token in row.tokens[::2]]
        times = [rows.integer(row, token, "a duration", 0, DURATION_MAX) for token in row.tokens[1::2]]
        found.append(list(zip(ids, times, strict=True)))
    rows.end(f"the {jobs} jobs")
    return _checked(rows, machines, found)


def _checked(rows: Rows, machines: int, found: list[list[tuple[int, int]]]) -> JobShopStatement:
    if sum(map(len, found)) > OPERATIONS_MAX:
        raise rows.error(None, f"there are more than {OPERATIONS_MAX} operations")
    return JobShopStatement(machines=machines, jobs=tuple(map(tuple, found)))


def is_job_shop(text: str) -> bool:
    """Whether a text has the form of one of them, some of its jobs perhaps wrong."""
    if is_taillard(text, machines=True) or is_collection(text):
        return True
    shape = shape_of(text)
    if len(shape.counts) != 2 or None in shape.counts:
        return False
    machines, rows = shape.counts[1] or 0, shape.widths[1:]
    if machines > 1 and 0 < len(rows) <= 2 * rows.count(2 * machines):  # most jobs are whole, some may be wrong
        return True
    if shape.counts[0] != len(rows):
        return False
    if shape.later <= {2} and machines != 1:  # jobs of one operation each: knapsacks look like them
        return False
    numbers = [[count_of(token) for token in line] for line in shape.head[1:]]
    return all(width % 2 == 0 for width in shape.later) and all(
        token is not None and (k % 2 or token < machines) for line in numbers for k, token in enumerate(line)
    )


def _of_taillard(rows: Rows, params: Params | None) -> tuple[int, list[list[tuple[int, int]]]]:
    """(machines, for each job its pairs of machine and duration) of the problem that is asked for."""
    listed = taillard_problem(rows, params)
    jobs, machines = counts(rows, listed, JOBS_MAX, MACHINES_MAX)
    times = table(rows, listed, listed.times, jobs, machines, "a duration", DURATION_MAX)
    ids = table(rows, listed, listed.machines or [], jobs, machines, "a machine", machines, 1)
    return machines, [[(i - 1, t) for i, t in zip(*job, strict=True)] for job in zip(ids, times, strict=True)]
