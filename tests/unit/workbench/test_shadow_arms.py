"""Arms that were measured on the same live jobs, beside what was shown: only whole comparisons count."""

from __future__ import annotations

from collections import Counter
from typing import Any

from queuebit_contracts.canonical import fingerprint
from queuebit_contracts.jobs import Cost
from queuebit_domain.job.messages import Wake
from queuebit_workbench.experiments.accepting import metric_of
from queuebit_workbench.experiments.accepting import tested as compared_arms
from queuebit_workbench.experiments.shadowing import Shadowed, shadowed
from tests.builders import a_problem
from tests.unit.policy.policies import a_policy, measured, row
from tests.unit.workbench.shadowed_jobs import DEEP, SHALLOW, SHOWN, WEEK, Log, answers


async def runs_of(log: Log, *arms: str) -> tuple[list[dict[str, Any]], Shadowed]:
    found = Shadowed()
    return [run async for run in shadowed(log, WEEK, arms, found)], found  # type: ignore[arg-type]


async def test_every_arm_of_a_job_is_a_run_beside_what_was_shown() -> None:
    log = Log()
    paid = {"cost": Cost(amount="0.3", currency="USD")}
    log.add(
        1,
        *answers(DEEP, 1, 1, objective=5, execution=paid),
        *answers(SHALLOW, 1, 1, objective=4),
        *answers(SHOWN, 1, 1),
    )

    runs, found = await runs_of(log, "deep", "shallow")

    assert [(run["arm"], run["objective"], run["accepted"], run["cost"], run["lane"]) for run in runs] == [
        ("deep", 5, 1, 0.3, "quantum"), ("shallow", 4, 1, 0.0, "simulator"), ("shown", 6, 1, 0.0, "classical"),
    ]  # fmt: skip
    assert [run["elapsed_s"] for run in runs] == [2.0, 4.0, 6.0]
    assert {run["problem"] for run in runs} == {runs[0]["problem"]}
    assert (found.jobs, found.left_out) == (1, Counter())


async def test_what_is_no_whole_comparison_is_left_out_and_counted() -> None:
    log = Log()
    one_arm = a_policy(row("x", "classical", wish="classical"), experiments=[measured("deep", wish="classical")])
    log.add(1, *answers(SHOWN, 1, 1))
    log.add(2, *answers(DEEP, 1, 2), *answers(SHALLOW, 1, 2))
    log.add(3, *answers(DEEP, 1, 3), *answers(SHOWN, 1, 3), policy=one_arm)
    log.add(4, Wake(), policy=a_policy())

    runs, found = await runs_of(log, "deep", "shallow")

    assert (runs, found.jobs) == ([], 0)
    assert found.left_out == {"an arm is not over": 1, "the job gave no answer": 1, "not every arm took part": 1}


async def test_an_arm_that_failed_fails_the_comparison() -> None:
    log = Log()
    for number in range(1, 9):
        problem = a_problem(nodes=6 + number)
        about = {"problem_fingerprint": fingerprint(problem)}
        word = "needs_review" if number == 8 else "accepted"
        log.add(
            number,
            *answers(DEEP, 1, number, verdict=word, **about),
            *answers(SHALLOW, 1, number, **about),
            *answers(SHOWN, 1, number, **about),
            problem=problem,
        )

    runs, _ = await runs_of(log, "deep")
    (judged,) = compared_arms(runs, "deep", "shown", [metric_of("objective eq")], seed=1, confidence=0.95)

    assert (judged.word, judged.why.startswith("In 1 problems the candidate has no objective")) == ("fail", True)
