"""The blueprints keep their word where things go wrong: nothing is asked twice, nothing unchecked is used, there is a plan."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from queuebit_client.errors import QueuebitError
from queuebit_client.models import Job
from queuebit_domain.policy.lint import lint
from queuebit_operations.policies.files import read_document
from tests.builders import JOB_ID, NOW

EXAMPLES = Path(__file__).parents[3] / "infra" / "examples"
DAY = {
    "depot": [0, 0],
    "capacity": 10,
    "stops": [{"name": "a", "at": [4, 3], "demand": 4}, {"name": "b", "at": [4, 4], "demand": 5}],
}


@pytest.fixture
def blueprint() -> Iterator[Any]:
    """Import one of the programs as it is imported where it runs."""
    folder = str(EXAMPLES / "blueprints")
    before = set(sys.modules)
    sys.path.insert(0, folder)

    def module(name: str) -> ModuleType:
        return importlib.import_module(name)

    yield module
    sys.path.remove(folder)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(folder):
            del sys.modules[name]


def a_job(**changes: Any) -> Job:
    values: dict[str, Any] = {
        "id": JOB_ID, "tenant": "acme", "state": "completed", "kind": "cvrp", "tier": "interactive", "lane": "classical",
        "created_at": NOW, "updated_at": NOW, "version": 7, "verdict": "accepted", **changes,
    }  # fmt: skip
    return Job(**values)


class Client:
    """Answers with these jobs, one after the other; an error among them is raised."""

    def __init__(self, *jobs: Job | Exception) -> None:
        self.jobs = list(jobs)
        self.keys: list[str | None] = []

    async def submit(self, problem: Any, *, key: str | None = None, **_: Any) -> Job:
        self.keys.append(key)
        job = self.jobs.pop(0)
        if isinstance(job, Exception):
            raise job
        self.last = job
        return job

    async def wait(self, job_id: Any, **_: Any) -> Job:
        return self.last

    async def get(self, job_id: Any) -> Job:
        if self.jobs:
            self.last = self.jobs.pop(0)  # type: ignore[assignment]
        return self.last


ALONE = [["a"], ["b"]]


@pytest.mark.parametrize(
    ("answer", "routes", "by"),
    [
        (a_job(answer={"routes": [[2, 3]]}, objective=12), [["a", "b"]], ""),
        (a_job(answer={"routes": [[2, 3]]}, objective=3), ALONE, "each stop alone: accepted"),
        (a_job(answer={"routes": [[2]]}, objective=10), ALONE, "each stop alone: accepted"),
        (
            a_job(answer={"routes": [[2, 3]]}, objective=12, verdict="needs_review"),
            ALONE,
            "each stop alone: needs_review",
        ),
        (a_job(state="expired", verdict=None), ALONE, "each stop alone: expired"),
        (QueuebitError("down"), ALONE, "each stop alone: "),
    ],
)
async def test_there_is_a_plan_and_only_a_checked_answer_is_used(
    blueprint: Any, tmp_path: Path, answer: Job | Exception, routes: list[list[str]], by: str
) -> None:
    service = blueprint("optimisation_service")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "monday.json").write_text(json.dumps(DAY))
    client = Client(answer)

    assert await service.serve(client, tmp_path) == 1
    assert await service.serve(client, tmp_path) == 0

    plan = json.loads((tmp_path / "plans" / "monday.json").read_text())
    assert (plan["routes"], plan["by"].startswith(by), len(client.keys)) == (routes, True, 1)
    assert plan["length"] == (12 if routes != ALONE else 22)


async def test_another_day_is_another_question_and_the_same_day_the_same(blueprint: Any) -> None:
    service = blueprint("optimisation_service")
    answer = a_job(answer={"routes": [[2, 3]]}, objective=12)
    client = Client(answer, answer, answer)

    for day in (DAY, DAY, {**DAY, "capacity": 11}):
        await service.planned(client, "monday", day)

    assert client.keys[0] == client.keys[1] != client.keys[2]


async def test_a_better_answer_counts_until_it_is_committed(blueprint: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    service = blueprint("decision_service")
    monkeypatch.setattr(service, "POLL_S", 0.01)
    client = Client(a_job(objective=5), a_job(objective=5), a_job(objective=8, improvements=1))

    late = await service.decided(client, {}, key="k", commit_after_s=0.2)
    at_once = await service.decided(Client(a_job(objective=5), a_job(objective=8)), {}, key="k", commit_after_s=0.0)

    assert (late.first, late.objective, late.improvements) == (5, 8, 1)
    assert (at_once.first, at_once.objective) == (5, 5)
    assert [each for each in lint(read_document(EXAMPLES / "policies" / "upgrade.yaml")) if each.level != "note"] == []


def values(task: Any, count: int) -> Job:
    entries = [{"value": 0.1 * place, "std_error": 0.0, "unit": ""} for place in range(count)]
    return a_job(answer={"results": [entries]})


async def test_a_loop_that_was_killed_goes_on_and_asks_no_iteration_under_two_keys(
    blueprint: Any, tmp_path: Path
) -> None:
    loop = blueprint("experiment_loop")
    task, options = loop.Vqe(), {"iterations": 4, "shots": None, "seed": 1}
    whole = Client(*[values(task, 9)] * 4)
    killed = Client(values(task, 9), values(task, 9), RuntimeError("killed"), *[values(task, 9)] * 2)

    expected = await loop.trained(whole, task, tmp_path / "whole" / "run", **options)
    with pytest.raises(RuntimeError):
        await loop.trained(killed, task, tmp_path / "run", **options)
    found = await loop.trained(killed, task, tmp_path / "run", **options)

    assert found == expected
    assert killed.keys == ["run-1-0", "run-1-1", "run-1-2", "run-1-2", "run-1-3"]
    assert len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()) == 4


async def test_an_answer_that_was_not_accepted_trains_nothing(blueprint: Any, tmp_path: Path) -> None:
    loop = blueprint("experiment_loop")
    client = Client(a_job(verdict="needs_review", answer={"results": [[]]}, reasons=("noisy",)))

    with pytest.raises(RuntimeError, match="needs_review: noisy"):
        await loop.trained(client, loop.Vqe(), tmp_path / "run", iterations=1, shots=10, seed=1)

    assert not (tmp_path / "run" / "checkpoint.json").exists()


def test_gradients_are_those_of_the_loss(blueprint: Any) -> None:
    """Given values that are a sine of one parameter each, when they are shifted, then the slopes are those of the loss."""
    from math import cos, sin

    loop = blueprint("experiment_loop")
    at = (0.3, -0.2, 0.9, 0.1)
    energies = [[sum(map(sin, each))] for each in loop.shifted(at)]
    classify = loop.Classify(seed=3)

    loss, slopes = loop.Vqe().loss(energies)
    said = [[sin(each[0])] for each in loop.shifted(at) for _ in classify.train]
    wrong, steps = classify.loss(said)

    assert (loss, slopes) == (pytest.approx(sum(map(sin, at))), pytest.approx([cos(each) for each in at]))
    wanted = [classify.wanted[which] for which in classify.train]
    assert wrong == pytest.approx(sum((sin(at[0]) - each) ** 2 for each in wanted) / len(wanted))
    assert steps[0] == pytest.approx(sum(2 * (sin(at[0]) - each) * cos(at[0]) for each in wanted) / len(wanted))
    assert set(classify.train).isdisjoint(classify.test)
    assert {*classify.wanted} == {1.0, -1.0}
