"""`queuebit check`: an answer recomputed from its problem by the kind's own rules, on this machine alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.files import BadFile, BadFlag, json_of, problem_of, text_of
from queuebit_client.cli.options import Submission
from queuebit_client.cli.output import print_json, print_line
from queuebit_client.cli.shares import share_lines

if TYPE_CHECKING:
    from queuebit_contracts.errors import FieldError
    from queuebit_contracts.jobs import Number, Problem
    from queuebit_contracts.shares import Shares
    from queuebit_problems.kind import Violation
    from queuebit_problems.measurement import Measurement, Test

TOLERANCE = Fraction(1, 10**9)
"""Relative, between a claimed and a recomputed objective, where not all numbers are whole: others may add in another order."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check found. `objective` is None where the answer cannot be read; `agrees` is None where none is claimed."""

    kind: str
    sense: str
    objective: Number | None
    claimed: Number | None
    agrees: bool | None
    violations: Sequence[Violation]
    answer_errors: Sequence[FieldError]
    shares: Shares | None = None

    @property
    def feasible(self) -> bool:
        return not self.violations and not self.answer_errors

    @property
    def correct(self) -> bool:
        """Whether the answer is feasible and is worth what was claimed, if anything was."""
        return self.feasible and self.agrees is not False


@dataclass(frozen=True, slots=True)
class Compared:
    """What the comparison of a measurement with the exact result found; `exact` is False where it is too large for that."""

    kind: str
    exact: bool
    tests: Sequence[Test]
    objective: Number | None
    claimed: Number | None
    bound: Number | None
    answer_errors: Sequence[FieldError]

    @property
    def agrees(self) -> bool | None:
        """Whether the claimed objective is that of the answer; None where nothing can be said."""
        if self.claimed is None or self.objective is None:
            return None
        return _agree(self.claimed, self.objective, None)

    @property
    def correct(self) -> bool:
        """Whether the answer was compared with the exact result, and no test of it failed."""
        passed = all(test.passed for test in self.tests)
        return self.exact and passed and self.agrees is not False and not self.answer_errors


def check(submission: Submission, answer_file: str, *, as_json: bool) -> ExitCode:
    """Print what the check found; the exit code says whether the answer is correct. Raises BadFile or BadFlag."""
    if submission.file == answer_file == "-":
        raise BadFlag(
            "Standard input cannot be both the problem and the answer.", remedy="Name a file for one of them."
        )
    problem = problem_of(submission)
    answer, claimed = read_answer(answer_file, problem)
    found = checked(problem, answer, claimed)
    document, lines = (
        (_compared_document(found), _compared_lines(found))
        if isinstance(found, Compared)
        else (_document(found), _lines(found))
    )
    if as_json:
        print_json(document)
    else:
        for line in lines:
            print_line(line)
    return ExitCode.OK if found.correct else ExitCode.JOB_NOT_ACCEPTED


def read_answer(file: str, problem: Problem) -> tuple[dict[str, Any], Number | None]:
    """The answer in a file and the objective that is claimed for it, if any.

    The file is an answer alone, a document of a job that holds an `answer` and an `objective`, or a solution as the field
    publishes it. Raises BadFile.
    """
    text, kind = text_of(file), problem.kind
    document = json_of(file, text)
    if document is None:
        return _published(file, text, problem)
    if "answer" not in document:
        return document, None
    stated, answer, claimed = document.get("kind"), document["answer"], document.get("objective")
    if stated is not None and stated != kind:
        raise BadFile(
            f"{file} answers the kind {stated}, the problem is {kind}.", remedy="Name the answer to this problem."
        )
    if not isinstance(answer, dict):
        state = f"; its job is {document['state']}" if isinstance(document.get("state"), str) else ""
        raise BadFile(f"{file} holds no answer{state}.", remedy="Name the document of a job that was answered.")
    if claimed is not None and type(claimed) not in (int, float):
        raise BadFile(f"{file} claims an objective that is no number.", remedy="Correct or remove `objective`.")
    return answer, claimed


def _published(file: str, text: str, problem: Problem) -> tuple[dict[str, Any], Number | None]:
    from queuebit_problems.errors import UnreadableFile
    from queuebit_problems.formats.solutions import told_layout
    from queuebit_problems.optimisation import Optimisation
    from queuebit_problems.registry import parse_problem

    kind, statement = parse_problem(problem)
    layout = told_layout(text, kind.name)
    if layout is not None:
        raise BadFile(
            f"{file} holds {layout}, which is not read as a solution of {kind.name}.",
            remedy=f"Name a solution of this problem; `queuebit kinds show {kind.name}` prints the answer_shape.",
        )
    try:
        found = kind.solution(statement, text, file_name=file) if isinstance(kind, Optimisation) else None
    except UnreadableFile as error:
        raise BadFile(error.detail, remedy=error.remedy) from None
    if found is None:
        raise BadFile(
            f"{file} is not a JSON object, nor a solution as {problem.kind} publishes them.",
            remedy=f"`queuebit kinds show {problem.kind}` prints the answer_shape.",
        )
    return found.answer, found.claimed


def checked(problem: Problem, answer: dict[str, Any], claimed: Number | None) -> Checked | Compared:
    """The answer checked against the problem."""
    from queuebit_problems.measurement import Measurement
    from queuebit_problems.optimisation import Optimisation
    from queuebit_problems.registry import parse_problem
    from queuebit_problems.shares import shown

    kind, statement = parse_problem(problem)
    if isinstance(kind, Measurement):
        return _compared(kind, statement, answer, claimed)
    assert isinstance(kind, Optimisation)
    errors = kind.answer_errors(statement, answer)
    if errors:
        return Checked(kind.name, kind.sense, None, claimed, None, (), errors)
    objective = kind.objective(statement, answer)
    agrees = None if claimed is None else _agree(claimed, objective, problem.statement)
    told = kind.shares(statement, answer)
    shares = None if told is None else shown(told)
    return Checked(kind.name, kind.sense, objective, claimed, agrees, kind.violations(statement, answer), (), shares)


def _compared(kind: Measurement[Any], statement: Any, answer: dict[str, Any], claimed: Number | None) -> Compared:
    errors = kind.answer_errors(statement, answer)
    if errors:
        return Compared(kind.name, False, (), None, claimed, None, errors)
    found = kind.examine(statement, answer)
    return Compared(kind.name, found.exact, found.tests, found.objective, claimed, found.bound, ())


def _agree(claimed: Number, objective: Number, statement: Any) -> bool:
    if claimed == objective:
        return True
    if isinstance(objective, int) and _whole(statement):
        return False
    left, right = Fraction(claimed), Fraction(objective)
    return abs(left - right) <= TOLERANCE * max(abs(left), abs(right))


def _whole(value: Any) -> bool:
    """Whether no number anywhere in a statement has decimals."""
    if isinstance(value, dict):
        return all(map(_whole, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_whole, value))
    return not isinstance(value, float) or value.is_integer()


def _document(found: Checked) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "sense": found.sense,
        "correct": found.correct,
        "feasible": found.feasible,
        "objective": found.objective,
        "claimed_objective": found.claimed,
        "objective_agrees": found.agrees,
        "violations": [{"code": one.code, "detail": one.detail, "amount": one.amount} for one in found.violations],
        "answer_errors": [
            {"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in found.answer_errors
        ],
        "shares": None if found.shares is None else found.shares.model_dump(mode="json"),
    }


def _lines(found: Checked) -> list[str]:
    lines = [f"kind: {found.kind}", f"feasible: {'yes' if found.feasible else 'no'}"]
    if found.objective is not None:
        lines.append(f"objective: {found.objective}")
    if found.claimed is not None:
        told = {True: "as recomputed", False: "not what it is", None: "not recomputed"}[found.agrees]
        lines.append(f"claimed objective: {found.claimed} ({told})")
    lines += [f"violation: {one.code}: {one.detail}" for one in found.violations]
    lines += [] if found.shares is None else share_lines(found.shares)
    return lines + [f"answer error: {one}" for one in found.answer_errors]


def _compared_document(found: Compared) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "correct": found.correct,
        "exact": found.exact,
        "objective": found.objective,
        "claimed_objective": found.claimed,
        "objective_agrees": found.agrees,
        "bound": found.bound,
        "tests": [
            {
                "name": test.name,
                "statistic": test.statistic,
                "low": test.low,
                "high": test.high,
                "limit": test.limit,
                "passed": test.passed,
                "detail": test.detail,
            }
            for test in found.tests
        ],
        "answer_errors": [
            {"pointer": one.pointer, "code": one.code, "detail": one.detail} for one in found.answer_errors
        ],
    }


def _compared_lines(found: Compared) -> list[str]:
    lines = [f"kind: {found.kind}", f"correct: {'yes' if found.correct else 'no'}"]
    if not found.exact and not found.answer_errors:
        lines.append("exact result: too large to be computed, so that nothing is proved")
    if found.objective is not None:
        lines.append(f"objective: {found.objective}")
    if found.claimed is not None:
        told = {True: "as recomputed", False: "not what it is", None: "not recomputed"}[found.agrees]
        lines.append(f"claimed objective: {found.claimed} ({told})")
    if found.bound is not None:
        lines.append(f"bound: {found.bound}")
    for test in found.tests:
        numbers = f"{test.statistic:.6g}, 95 % interval {test.low:.6g} to {test.high:.6g}, limit {test.limit:.6g}"
        lines.append(f"test: {test.name} {'passed' if test.passed else 'failed'}: {numbers}; {test.detail}")
    return lines + [f"answer error: {one}" for one in found.answer_errors]
