"""Decisions tried out: what passes, what fails, what is not known yet; runs of a matrix; problems that tell nobody's name."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pytest
from scipy import stats  # type: ignore[import-untyped]

from queuebit_client.cli import main
from queuebit_contracts.events import JobSubmitted
from queuebit_contracts.jobs import JobRequest, Problem
from queuebit_domain.experiments.acceptance import Metric, Runs, judged, overall
from queuebit_domain.experiments.intervals import t_quantile
from queuebit_operations.errors import BadArgument
from queuebit_operations.scan.port import EventRow, Selection, Stream
from queuebit_workbench.experiments.accepting import metric_of
from queuebit_workbench.experiments.accepting import tested as compared_arms
from queuebit_workbench.experiments.freezing import Window, frozen

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "infra" / "docs" / "how-to" / "experiments.md"
T0 = datetime(2026, 3, 1, tzinfo=UTC)


def alike(count: int, shift: float, spread: float = 0.0, seeds: int = 2) -> list[Runs]:
    chance = Random(3)
    found = []
    for nth in range(count):
        base = tuple(100.0 + nth + chance.gauss(0, spread) for _ in range(seeds))
        found.append(Runs(tuple(each + shift for each in base), base))
    return found


def word(metric: Metric, problems: Sequence[Runs]) -> str:
    return judged(metric, problems, Random(1).randrange, draws=400).word


@pytest.mark.parametrize(
    ("operator", "shift", "expected"),
    [
        ("le", 0.5, "pass"), ("le", 5.0, "fail"), ("lt", 1.0, "fail"), ("le", 1.0, "pass"),
        ("ge", -0.5, "pass"), ("ge", -5.0, "fail"), ("gt", -1.0, "fail"),
        ("eq", 0.5, "pass"), ("eq", 5.0, "fail"), ("ne", 5.0, "pass"), ("ne", 0.0, "fail"),
    ],
)  # fmt: skip
def test_a_metric_holds_within_its_tolerance_and_not_beyond(operator: Any, shift: float, expected: str) -> None:
    assert word(Metric("objective", operator, "mean", 1.0), alike(10, shift)) == expected
    assert word(Metric("objective", operator, "p50", 1.0), alike(10, shift)) == expected


def test_a_share_is_one_of_the_baseline() -> None:
    assert word(Metric("objective", "le", "mean", 0.01, relative=True), alike(10, 0.9)) == "pass"
    assert word(Metric("objective", "le", "mean", 0.01, relative=True), alike(10, 1.9)) == "fail"


def test_a_difference_that_is_rounding_is_none() -> None:
    alike_but_rounded = [Runs((0.1 + 0.2,), (0.3,)) for _ in range(8)]

    for operator, expected in (("le", "pass"), ("ge", "pass"), ("eq", "pass"), ("lt", "fail"), ("ne", "fail")):
        assert word(Metric("objective", operator, "mean"), alike_but_rounded) == expected  # type: ignore[arg-type]


def test_a_share_of_a_baseline_that_is_not_known_well_decides_nothing_near_the_border() -> None:
    """Given a candidate that is 0.9 % above baselines which differ a lot, then at most 1 % more is shown."""
    spread = [Runs((each * 1.009,), (each,)) for each in (1.0, 10.0, 100.0, 1000.0, 5.0, 50.0, 500.0, 700.0)]
    metric = Metric("objective", "le", "mean", 0.01, relative=True)
    noisy = [Runs((each * ratio,), (each,)) for each, ratio in zip((9.0,) * 8, (1.03, 0.99) * 4, strict=True)]

    assert word(metric, spread) == "pass"
    assert word(metric, noisy) == "undecided"


def test_of_few_problems_the_interval_holds_what_is_true_as_often_as_it_says() -> None:
    """The bar: 95 % intervals of eight problems without any effect cover zero in at least 92 of 100."""
    covered = 0
    for seed in range(300):
        chance = Random(seed)
        problems = [Runs((chance.gauss(0, 1),), (0.0,)) for _ in range(8)]
        found = judged(Metric("objective", "eq", "mean"), problems, Random(seed).randrange, draws=400)
        assert found.difference is not None
        covered += found.difference.low <= 0.0 <= found.difference.high

    assert covered / 300 >= 0.92


@pytest.mark.parametrize("degrees", [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 7.3, 30.0, 1000.0, 1e6])
@pytest.mark.parametrize("p", [0.0005, 0.025, 0.4, 0.5, 0.9, 0.975, 0.995, 0.9995])
def test_quantiles_of_students_distribution_are_those_of_scipy(p: float, degrees: float) -> None:
    assert t_quantile(p, degrees) == pytest.approx(stats.t.ppf(p, degrees), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("p", "degrees"), [(0.0, 3.0), (1.0, 3.0), (0.5, 0.0)])
def test_what_is_no_probability_has_no_quantile(p: float, degrees: float) -> None:
    with pytest.raises(ValueError, match="a quantile takes"):
        t_quantile(p, degrees)


def test_where_the_interval_holds_both_nothing_is_decided() -> None:
    chance = Random(8)
    noisy = [Runs((100 + chance.gauss(0, 20),), (100 + chance.gauss(0, 20),)) for _ in range(8)]

    assert word(Metric("objective", "le", "mean", 1.0), noisy) == "undecided"


@pytest.mark.parametrize(
    ("problems", "statistic", "said"),
    [
        (alike(5, 0.0), "mean", "There are 5 problems"),
        (alike(10, 0.0), "p95", "p95 takes 60 runs of each; there are 20."),
        ([*alike(9, 0.0), Runs((1.0,), ())], "mean", "A run of the baseline has no objective."),
    ],
)
def test_of_too_little_nothing_is_said(problems: list[Runs], statistic: str, said: str) -> None:
    found = judged(Metric("objective", "le", statistic), problems, Random(1).randrange, draws=100)

    assert (found.word, found.why.startswith(said)) == ("undecided", True)


def test_what_the_candidate_did_not_answer_is_a_failure() -> None:
    found = judged(Metric("objective", "le", "mean"), [*alike(9, 0.0), Runs((), (1.0,))], Random(1).randrange)

    assert (found.word, found.why) == (
        "fail",
        "In 1 problems the candidate has no objective, and the baseline has one.",
    )
    assert overall([]) == "undecided"


def test_a_metric_is_read_as_it_is_written() -> None:
    assert metric_of("objective le") == Metric("objective", "le", "mean")
    assert metric_of("elapsed_s le 0.5 p95") == Metric("elapsed_s", "le", "p95", 0.5)
    assert metric_of("objective  ge 2%  shifted_geometric_mean") == Metric(
        "objective", "ge", "shifted_geometric_mean", 0.02, True
    )
    for wrong in ("objective", "objective near 1%", "objective le 1% p96", "objective le 1..2"):
        with pytest.raises(BadArgument, match="is no"):
            metric_of(wrong)


def test_arms_are_compared_on_the_same_problems_alone() -> None:
    runs = [{"arm": arm, "problem": f"p{nth}", "objective": 1.0} for arm in ("a", "b") for nth in range(6)]
    asked = [metric_of("objective eq")]

    assert [each.word for each in compared_arms(runs, "a", "b", asked, seed=1, confidence=0.95)] == ["pass"]
    with pytest.raises(BadArgument, match="No run is of the arm c"):
        compared_arms(runs, "c", "b", asked, seed=1, confidence=0.95)
    with pytest.raises(BadArgument, match="1 problems were run by one arm alone, as p5"):
        compared_arms(runs[:-1], "a", "b", asked, seed=1, confidence=0.95)
    with pytest.raises(BadArgument, match="No run has a field objektive"):
        compared_arms(runs, "a", "b", [metric_of("objektive eq")], seed=1, confidence=0.95)


def test_the_commands_of_the_page_run_and_say_what_they_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said = []
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.S):
        for line in block.splitlines():
            words = shlex.split(line.replace("infra/", f"{ROOT}/infra/"))
            said.append((words[2], main.run(words[1:])))

    assert said == [("scenario", 0), ("accept", 0), ("switchback-plan", 0)]
    assert "candidate beside today: pass." in capsys.readouterr().out
    runs = [json.loads(line) for line in (tmp_path / "runs.jsonl").read_text().splitlines()]
    assert len(runs) == 8 * 2 * 2
    assert {(run["arm"], run["verdict"]) for run in runs} == {("today", "accepted"), ("candidate", "accepted")}
    plan = json.loads((tmp_path / "plan.json").read_text())
    outcomes = [
        {"at_s": begins + 700 + nth, "lane": lane, "value": 3.0 if arm == "new" else 1.0 + nth / 100}
        for _, lane, begins, _, arm in plan["blocks"]
        for nth in range(5)
    ]
    (tmp_path / "outcomes.jsonl").write_text("\n".join(map(json.dumps, outcomes)))
    assert main.run(["experiment", "switchback", "plan.json", "outcomes.jsonl"]) == 0
    assert main.run(["experiment", "switchback-plan", "--arms", "new", "--out", "other.json"]) == 2
    assert (
        main.run(
            ["experiment", "accept", "runs.jsonl", "--candidate", "x", "--baseline", "today", "--metric", "gap le"]
        )
        == 2
    )


class _Scanned:
    """A store whose streams are these submissions, an hour apart."""

    def __init__(self, *requests: JobRequest) -> None:
        self._requests = requests

    async def streams(self, selection: Selection, *, page_events: int = 100) -> AsyncIterator[list[Stream]]:
        for nth, request in enumerate(self._requests):
            data = JobSubmitted(request=request, fingerprint="f").model_dump_json(exclude_none=True)
            at = T0 + timedelta(hours=nth)
            row = EventRow(
                1,
                1,
                nth,
                UUID(int=nth),
                1,
                UUID(int=nth),
                "JobSubmitted",
                1,
                data,
                at,
                request.tenant,
                None,
                None,
                "job",
                at,
            )
            yield [Stream(UUID(int=nth), None, [row])]


def asked(kind: str, statement: dict[str, Any], tenant: str = "acme") -> JobRequest:
    return JobRequest(tenant=tenant, problem=Problem(kind=kind, statement=statement), labels={"team": "north"})


async def test_frozen_problems_tell_nobodys_name_and_are_the_same_question() -> None:
    ring = {"nodes": 4, "edges": [[0, 1, 1], [1, 2, 1], [2, 3, 1], [0, 3, 1]]}
    named = {
        "sense": "max",
        "variables": [{"name": "Miller&Sons"}, {"name": "depot"}],
        "linear": [[0, 3], [1, 4]],
        "constraints": [{"name": "Miller-limit", "terms": [[0, 1], [1, 1]], "upper": 1}],
    }
    circuit = {"qasm": "// for Miller\nOPENQASM 2.0;"}
    requests = [
        asked("maxcut", ring),
        asked("maxcut", ring, "other"),
        asked("binary_program", named),
        asked("circuit_sampling", circuit),
        asked("maxcut", {**ring, "nodes": 5}),
    ]
    found = await frozen(_Scanned(*requests), Window(T0, T0 + timedelta(hours=4)), limit=10, salt=b"one")  # type: ignore[arg-type]
    again = await frozen(_Scanned(*requests), Window(T0, T0 + timedelta(hours=4)), limit=10, salt=b"one")  # type: ignore[arg-type]
    nothing = await frozen(_Scanned(*requests), Window(T0, T0 + timedelta(hours=9), kinds=("tsp",)), limit=10)  # type: ignore[arg-type]

    assert found is not None
    text = found.found.model_dump_json()
    assert found == again
    assert (found.seen, len(found.found.problems), found.unmaskable) == (3, 2, 1)
    assert found.found.problems[0].problem.statement == ring
    assert not any(word in text for word in ("acme", "other", "north", "Miller", "depot"))
    assert nothing is None
