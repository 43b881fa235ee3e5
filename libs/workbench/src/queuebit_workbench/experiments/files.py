"""What experiments read and write: sets of problems, arms, and runs a line each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from queuebit_contracts.jobs import BUDGET_S_MAX, LaneWish, ParamValue, Problem, Tier
from queuebit_operations.errors import BadArgument

M = TypeVar("M", bound=BaseModel)
FILE_BYTES_MAX = 256 * 1024 * 1024
SET = "queuebit.problem-set/1"
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NamedProblem(_Strict):
    """A problem of a set."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    problem: Problem
    tier: Tier = "interactive"


class ProblemSet(_Strict):
    """Problems that never change: whoever runs them later runs the same."""

    format: Annotated[str, StringConstraints(pattern="^queuebit.problem-set/1$")] = SET
    description: str = ""
    problems: Annotated[tuple[NamedProblem, ...], Field(min_length=1, max_length=10_000)]


class Arm(_Strict):
    """One way of answering: what is asked of each problem, and by which policy (a file) jobs are planned."""

    lane: LaneWish = "auto"
    budget_s: Annotated[float, Field(gt=0, le=BUDGET_S_MAX)] | None = None
    params: Annotated[dict[str, ParamValue], Field(max_length=50)] = {}
    policy: str | None = None


class Scenario(_Strict):
    """A matrix: every problem under every arm with every seed."""

    arms: Annotated[dict[Name, Arm], Field(min_length=1, max_length=20)]
    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1, max_length=1000)] = (1,)


def read_set(path: str) -> ProblemSet:
    """A set of problems. Raises BadArgument, which names the field."""
    return _read(ProblemSet, path, "a set of problems; `queuebit experiment freeze` writes one")


def read_scenario(path: str) -> Scenario:
    """A scenario. Raises BadArgument, which names the field."""
    return _read(Scenario, path, "a scenario; see infra/examples/experiments/scenario.json")


def write_text(path: str, text: str) -> None:
    """A file of its own. Raises BadArgument."""
    try:
        Path(path).write_text(text)
    except OSError as error:
        raise BadArgument(f"{path} cannot be written: {error.strerror or error}.", remedy="Check the path.") from None


class RunFile:
    """Where runs go, a line each, as they come."""

    def __init__(self, path: str) -> None:
        write_text(path, "")
        self._path = Path(path)

    def add(self, run: Mapping[str, Any]) -> None:
        """One run more."""
        with self._path.open("a") as file:
            file.write(json.dumps(run) + "\n")


def write_set(path: str, found: ProblemSet) -> None:
    """The set as a file that is the same for the same problems."""
    text = json.dumps(found.model_dump(mode="json", exclude_none=True), indent=1, sort_keys=True)
    write_text(path, text + "\n")


def read_runs(path: str) -> list[Mapping[str, Any]]:
    """The runs of a file, a line each. Raises BadArgument."""
    found: list[Mapping[str, Any]] = []
    for number, line in _lines(path):
        try:
            run = json.loads(line)
            found.append({"arm": str(run["arm"]), "problem": str(run["problem"]), **run})
        except (ValueError, KeyError, TypeError):
            remedy = "A run is a JSON object with arm, problem and numbers."
            raise BadArgument(f"{path}:{number}: this is no run.", remedy=remedy) from None
    return found


def _read(model: type[M], path: str, what: str) -> M:
    try:
        return model.model_validate_json(_bytes(path))
    except ValidationError as error:
        first = error.errors()[0]
        at = "/".join(map(str, first["loc"])) or "the document"
        raise BadArgument(f"{path}: {at}: {first['msg']}", remedy=f"The file holds {what}.") from None


def _lines(path: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(_bytes(path).decode("utf-8", "replace").splitlines(), start=1):
        if line.strip():
            yield number, line


def _bytes(path: str) -> bytes:
    try:
        file = Path(path)
        if file.stat().st_size > FILE_BYTES_MAX:
            raise BadArgument(f"{path} is larger than {FILE_BYTES_MAX} bytes.", remedy="Take fewer problems.")
        return file.read_bytes()
    except OSError as error:
        raise BadArgument(f"{path} cannot be read: {error.strerror or error}.", remedy="Check the path.") from None
