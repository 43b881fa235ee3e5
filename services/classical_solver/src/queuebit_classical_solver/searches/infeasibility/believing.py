"""Whether a proof of CP-SAT that there is no answer is believed: where a second way comes to the same.

Where a kind states what every answer keeps as rows, that is exact branching, which also finds rows that are enough; for all
else another solver, HiGHS, over the model written in rows. Where that comes to nothing in its time, CP-SAT is asked otherwise,
without presolve, relaxations and symmetries, which is where solvers were wrong before, and the proof says that nobody else did.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from queuebit_classical_solver.errors import InvalidModel, NothingFound, ProvedInfeasible, SolverError, Stopped
from queuebit_classical_solver.ports import Stop
from queuebit_classical_solver.searches.branch_and_cut.running import Run
from queuebit_classical_solver.searches.cp_sat.stopping import stopping
from queuebit_classical_solver.searches.infeasibility.refuting import OutOfWork, conflict
from queuebit_classical_solver.searches.infeasibility.stated_again import stated_again
from queuebit_problems.kind import S
from queuebit_problems.optimisation import Optimisation

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

NAMED_MAX: Final = 12
SHARE: Final = 0.5
"""Of the time that is left: neither exact branching nor another solver may take what asking again needs."""
HIGHS_S_MIN: Final = 1.0
"""What its process takes to begin and to end."""
OTHERWISE: Final = {
    "cp_model_presolve": False,
    "linearization_level": 0,
    "symmetry_level": 0,
    "cp_model_probing_level": 0,
}


def believed(
    kind: Optimisation[S], statement: S, model: cp_model.CpModel, parameters: dict[str, Any], left_s: float, stop: Stop
) -> SolverError:
    """What is to be raised: ProvedInfeasible where a second way says so too, NothingFound or Stopped where none could, and
    InvalidModel where one finds an answer.
    """
    ends_s = time.perf_counter() + left_s
    rows = kind.named_rows(statement)
    if rows is not None:
        try:
            places = conflict(rows.ranges, rows.rows, time.perf_counter() + SHARE * left_s, stop, rows.names)
        except OutOfWork:
            pass
        except ValueError:
            if rows.complete:
                return InvalidModel(f"CP-SAT calls {kind.name} infeasible, and exact branching finds an answer.")
        else:
            return ProvedInfeasible(_named(rows.named(places)))
    if proved_by_another(model, SHARE * (ends_s - time.perf_counter()), stop):
        return ProvedInfeasible(f"No answer satisfies the constraints ({cp_sat()}; and {highs()}).")
    return _asked_again(kind.name, model, parameters, max(0.0, ends_s - time.perf_counter()), stop)


def proved_by_another(model: cp_model.CpModel, left_s: float, stop: Stop) -> bool:
    """Whether HiGHS, in a process of its own, proves within the time that the model has no answer."""
    if left_s < HIGHS_S_MIN:
        return False
    ends_s = time.perf_counter() + left_s
    stated = stated_again(model)
    told = {
        "options": {"output_flag": False, "threads": 1, "time_limit": left_s},
        "most": False,
        "costs": [0.0] * len(stated.ranges),
        "offset": 0.0,
        "ranges": stated.ranges,
        "rows": stated.rows,
        "start": None,
        "asked_max": 10**9,
    }
    try:
        return bool(Run(lambda _: None, stop, ends_s).ended(told).get("status") == "Infeasible")
    except NothingFound:
        return False


def cp_sat() -> str:
    """Whose proof it is: a proof is as good as the version of its solver."""
    return f"CP-SAT of ortools {version('ortools')}"


def highs() -> str:
    """The other solver."""
    return f"HiGHS of highspy {version('highspy')}"


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:NAMED_MAX])
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    allow = "allows none by itself" if len(names) == 1 else "allow none together"
    return f"No answer satisfies the constraints: {shown}{more} {allow} ({cp_sat()}; and exact branching over these)."


def _asked_again(
    kind: str, model: cp_model.CpModel, parameters: dict[str, Any], left_s: float, stop: Stop
) -> SolverError:
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(0.05, left_s)
    for name, value in (parameters | OTHERWISE).items():
        setattr(solver.parameters, name, value)
    with stopping(solver, stop) as stopped:
        status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return ProvedInfeasible(
            f"No answer satisfies the constraints ({cp_sat()}, and again without presolve; no other solver said so in the "
            "time)."
        )
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return InvalidModel(f"CP-SAT calls {kind} infeasible, and finds an answer without presolve.")
    if stopped.is_set():
        return Stopped()
    return NothingFound(
        "CP-SAT says that no answer satisfies the constraints, and could not say so again without presolve in the time: that is"
        " not believed."
    )
