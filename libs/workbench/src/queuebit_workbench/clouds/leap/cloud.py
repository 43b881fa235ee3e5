"""What the cloud knows: its annealers and the problems that were handed in, and how these change with time."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from queuebit_runtime.clock import SystemClock

FINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
LISTED_MAX = 1000

Run = Callable[[Mapping[str, Any], Mapping[str, Any], str], dict[str, Any]]
"""The answer to a problem: the properties of its annealer, what was asked, its id. Raises ValueError for a bad one."""


class Refused(Exception):
    """A request that the cloud does not serve, with the status that its client expects."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(slots=True)
class Problem:
    """One problem as it was accepted."""

    id: str
    asked: Mapping[str, Any]
    created: datetime
    state: str = "PENDING"
    message: str = ""
    answer: dict[str, Any] | None = None
    ended: datetime | None = None


@dataclass(slots=True)
class Behaviour:
    """How the cloud is today. `lag_s`: how long a new problem is not listed; `queue_s`: how long one waits; `state`: the word
    that all problems are forced to show; `cancels`: whether a cancel that was accepted takes hold, or the problem ends with an
    answer nevertheless; `fails`: what every problem ends with instead of an answer; `held`: the labels whose problems wait
    until they are cancelled.
    """

    lag_s: float = 0.0
    queue_s: float = 0.0
    state: str | None = None
    cancels: bool = True
    fails: str = ""
    held: Collection[str] = ()


class Cloud:
    """All of it, for several threads. Every method that changes something takes the lock."""

    def __init__(self, solvers: Mapping[str, Mapping[str, Any]], run: Run) -> None:
        """`solvers`: how Leap describes each, by its name."""
        self.solvers = solvers
        self.behaviour = Behaviour()
        self.problems: dict[str, Problem] = {}
        self._run = run
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)

    def submit(self, asked: Mapping[str, Any]) -> Problem:
        """Accept a problem. Raises Refused."""
        solver = self.solvers.get(str((asked.get("solver") or {}).get("name")))
        if solver is None:
            raise Refused(404, "Solver does not exist or apitoken does not have access")
        if asked.get("type") not in solver["properties"]["supported_problem_types"]:
            raise Refused(400, f"This solver does not take problems of the type {asked.get('type')!r}.")
        unknown = set(asked.get("params") or {}) - set(solver["properties"]["parameters"])
        if unknown:
            raise Refused(400, f"Unknown parameter {sorted(unknown)[0]!r}.")
        with self._lock:
            problem = Problem(f"00000000-0000-0000-0000-{next(self._numbers):012d}", dict(asked), _now())
            self.problems[problem.id] = problem
            return problem

    def problem(self, problem_id: str) -> Problem:
        """As it is now: what has waited long enough runs. Raises Refused."""
        found = self.problems.get(problem_id)
        if found is None:
            raise Refused(404, "Problem does not exist or apitoken does not have access")
        with self._lock:
            due = _now() >= found.created + timedelta(seconds=self.behaviour.queue_s)
            due = due and found.asked.get("label") not in self.behaviour.held
            if found.state not in FINAL and (due or found.state == "CANCELLING"):
                self._end(found)
        return found

    def cancel(self, problem_id: str) -> Problem:
        """Raises Refused where there is none, or where it has ended."""
        with self._lock:
            found = self.problem(problem_id)
            if found.state in FINAL:
                raise Refused(409, "Problem has been finished.")
            found.state = "CANCELLING"
        return self.problem(problem_id)

    def listed(self, query: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        """Problems by their ids, or by label, the newest first. A new one is not listed before the lag is over."""
        wanted = {name: values[-1] for name, values in query.items()}
        if "id" in wanted:
            ids = [each for each in wanted["id"].split(",") if each in self.problems]
            return [self.shown(self.problem(each)) for each in ids]
        horizon = _now() - timedelta(seconds=self.behaviour.lag_s)
        with self._lock:
            found = [
                problem
                for problem in self.problems.values()
                if problem.created <= horizon
                and wanted.get("label") in (None, problem.asked.get("label"))
                and wanted.get("status") in (None, problem.state)
                and wanted.get("solver") in (None, problem.asked["solver"]["name"])
            ]
        found.reverse()
        return [self.shown(problem) for problem in found[: int(wanted.get("max_results", LISTED_MAX))]]

    def shown(self, problem: Problem) -> dict[str, Any]:
        """A problem as the API tells of it."""
        state = "PENDING" if problem.state == "CANCELLING" else problem.state
        document: dict[str, Any] = {
            "id": problem.id,
            "type": problem.asked["type"],
            "solver": problem.asked["solver"],
            "label": problem.asked.get("label"),
            "status": self.behaviour.state or state,
            "submitted_on": _written(problem.created),
        }
        if problem.ended is not None:
            document["solved_on"] = _written(problem.ended)
        return document

    def _end(self, problem: Problem) -> None:
        if problem.state == "CANCELLING" and self.behaviour.cancels:
            problem.state = "CANCELLED"
        elif self.behaviour.fails:
            problem.state, problem.message = "FAILED", self.behaviour.fails
        else:
            solver = self.solvers[problem.asked["solver"]["name"]]
            try:
                problem.answer = self._run(solver["properties"], problem.asked, problem.id)
                problem.state = "COMPLETED"
            except Exception as error:
                problem.state, problem.message = "FAILED", f"{type(error).__name__}: {error}"[:300]
        problem.ended = _now()


def _now() -> datetime:
    return SystemClock().now()


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
