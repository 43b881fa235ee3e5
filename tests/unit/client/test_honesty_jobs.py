"""The honesty report: numbers that were computed by hand, who gets the credit, and what is said where a number is missing."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from queuebit_client.honesty.job import CREDITS, report_of
from queuebit_client.honesty.jobs import honesty_report
from queuebit_client.honesty.quality import (
    NO_ENERGIES,
    NO_EXTREMES,
    NO_FEASIBLE,
    NO_OPTIMUM,
    NO_PLACEBO,
    NO_RAW,
    NO_SAMPLES,
    NO_SHOTS,
)
from tests.unit.client.documents import EVIDENCE, FREE, a_document, an_attempt, sampled


def the_attempt(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = report_of(document)["attempts"][0]
    return found


def test_the_whole_report_of_a_job() -> None:
    document = a_document(sampled(), an_attempt("baseline-classical"))

    found = report_of(document)

    assert found["winner"] == {
        "leg": "primary-simulator",
        "role": "primary",
        "lane": "simulator",
        "backend": "simulator machine",
        "method": "the simulator way",
        "credit": "circuit",
        "why": "the answer is what the circuit itself gave, and random samples through the same polish did not do as well",
        "tied_with": ["baseline-classical"],
    }
    assert found["attempts"][0] == {
        "leg": "primary-simulator",
        "role": "primary",
        "lane": "simulator",
        "number": 1,
        "state": "accepted",
        "backend": "simulator machine",
        "method": "the simulator way",
        "objective": 10,
        "bound": 10,
        "gap": 0.0,
        "proven_optimal": True,
        "shots": 400,
        "q": 0.6,
        "q_random": 0.5,
        "q_normalised": 0.2,
        "feasible_fraction": {"value": 0.5, "low": 0.451233617, "high": 0.548766383, "count": 400},
        "p_opt": {"value": 0.1, "low": 0.074298852, "high": 0.133311261, "count": 400},
        "source": None,
        "raw_objective": 10,
        "placebo_objective": 8,
        "placebo_matched": False,
        "checks": {},
        "counts_fingerprint": "f",
        "cost": FREE,
        "unknown": {},
    }
    assert found["attempts"][1]["unknown"] == dict.fromkeys(
        ["q", "q_random", "q_normalised", "feasible_fraction", "p_opt", "placebo_objective"], NO_SAMPLES
    )
    assert found["circumstances"]["attempts"][0] == {
        "leg": "primary-simulator", "number": 1, "queue_s": 0.5, "run_s": 2.0, "wall_s": 2.0, "cpu_s": 1.0, "qpu_s": 0.0,
    }  # fmt: skip
    assert {name: found[name] for name in ("job_id", "kind", "state", "objective", "gap", "cost", "unknown")} == {
        "job_id": "a", "kind": "maxcut", "state": "completed", "objective": 10, "gap": 0.0, "cost": FREE, "unknown": {},
    }  # fmt: skip


def test_another_run_of_the_same_job_differs_in_its_id_and_circumstances_alone() -> None:
    first = a_document(sampled(), an_attempt("baseline-classical"))
    again = copy.deepcopy(first)
    again |= {"id": "b", "elapsed_s": 9.0, "created_at": "2027-01-02T03:04:05Z", "confidence": 0.5}
    again["attempts"][0] |= {"finished_at": "2026-01-02T03:05:07Z", "usage": {"wall_s": 60.0}}

    reports = [report_of(first), report_of(again)]

    assert reports[0] != reports[1]
    stripped = [
        {name: value for name, value in each.items() if name not in ("job_id", "circumstances")} for each in reports
    ]
    assert stripped[0] == stripped[1]


@pytest.mark.parametrize(
    ("evidence", "name", "value"),
    [
        ({"q": 0.95}, "q", 0.95),
        ({"q": 0.95, "q_random": 0.75}, "q_normalised", 0.8),
        ({"placebo": {"q": 0.2}}, "q_normalised", 0.5),
        ({"mean_energy": -4.0}, "q_normalised", -0.2),
        ({"mean_energy": -10}, "q", 1.0),
    ],
)
def test_q_is_as_reported_or_from_the_energies(evidence: dict[str, Any], name: str, value: float) -> None:
    assert the_attempt(a_document(sampled(evidence=evidence)))[name] == pytest.approx(value)


@pytest.mark.parametrize(
    ("evidence", "value"),
    [
        ({"p_opt": 0.25}, 0.25),
        ({"best_raw_objective": 9}, 0.0),
        ({"best_raw_objective": None}, 0.0),
        ({"best_raw_objective": 10.000000000001}, 0.1),
    ],
)
def test_p_opt_is_as_reported_or_from_the_raw_samples_that_reached_the_proved_optimum(
    evidence: dict[str, Any], value: float
) -> None:
    assert the_attempt(a_document(sampled(evidence=evidence)))["p_opt"]["value"] == value


def test_an_optimum_that_another_leg_proved_is_enough() -> None:
    attempt = sampled(proven_optimal=False, objective=9, evidence={"best_raw_objective": 9})
    document = a_document(attempt, an_attempt("baseline-classical"), chosen="baseline-classical")
    assert the_attempt(document)["p_opt"]["value"] == 0.0


@pytest.mark.parametrize(
    ("without", "name", "why"),
    [
        (("energy_min",), "q", NO_EXTREMES),
        (("energy_min",), "q_normalised", NO_EXTREMES),
        (("mean_energy",), "q", NO_ENERGIES),
        (("placebo", "placebo_best"), "q_random", NO_PLACEBO),
        (("placebo", "placebo_best"), "q_normalised", NO_PLACEBO),
        (("placebo", "placebo_best"), "placebo_objective", NO_PLACEBO),
        (("shots",), "feasible_fraction", NO_SHOTS),
        (("shots",), "p_opt", NO_SHOTS),
        (("feasible_fraction",), "feasible_fraction", NO_FEASIBLE),
        (("best_raw_objective",), "p_opt", NO_RAW),
        (tuple(EVIDENCE), "q", NO_SAMPLES),
    ],
)
def test_what_is_not_known_is_null_and_says_why(without: tuple[str, ...], name: str, why: str) -> None:
    evidence = {key: value for key, value in EVIDENCE.items() if key not in without}
    found = the_attempt(a_document(an_attempt("primary-simulator", evidence=evidence)))
    assert (found[name], found["unknown"][name]) == (None, why)


def test_without_a_proof_the_share_of_optimal_samples_is_not_known() -> None:
    found = the_attempt(a_document(sampled(proven_optimal=False), proven_optimal=False))
    assert (found["p_opt"], found["unknown"]["p_opt"]) == (None, NO_OPTIMUM)


@pytest.mark.parametrize(
    ("attempts", "chosen", "credit"),
    [
        ([sampled()], "primary-simulator", "circuit"),
        ([sampled(evidence={"best_raw_objective": 9})], "primary-simulator", "polish"),
        ([sampled(evidence={"best_raw_objective": None})], "primary-simulator", "polish"),
        ([sampled(evidence={"placebo_best": 10})], "primary-simulator", "polish"),
        ([sampled(evidence={"best_source": "samples"})], "primary-simulator", "circuit"),
        ([sampled(evidence={"best_source": "samples", "best_raw_objective": 9})], "primary-simulator", "polish"),
        ([sampled(evidence={"best_source": "polish", "best_raw_objective": 9})], "primary-simulator", "polish"),
        ([sampled(evidence={"best_source": "elimination", "best_raw_objective": 9})], "primary-simulator", "circuit"),
        ([sampled(evidence={"best_source": "elimination", "placebo_best": 10})], "primary-simulator", "polish"),
        ([sampled(evidence={"best_source": "start", "placebo_best": 10})], "primary-simulator", "start"),
        (
            [an_attempt("primary-simulator", evidence={"shots": 0, "best_source": "reduction"})],
            "primary-simulator",
            "reduction",
        ),
        ([sampled(), an_attempt("baseline-classical")], "baseline-classical", "baseline"),
        ([an_attempt("primary-classical")], "primary-classical", "classical"),
        ([sampled(state="rejected"), an_attempt("fallback-rule")], "fallback-rule", "rule"),
        ([an_attempt("primary-quantum", evidence={"shots": 5})], "primary-quantum", "circuit"),
    ],
)
def test_who_gets_the_credit(attempts: list[dict[str, Any]], chosen: str, credit: str) -> None:
    winner = report_of(a_document(*attempts, chosen=chosen))["winner"]
    assert (winner["leg"], winner["credit"]) == (chosen, credit)
    assert winner["why"].startswith(CREDITS[credit])


def test_a_circuit_without_a_placebo_beside_it_may_owe_its_answer_to_chance() -> None:
    evidence = {key: value for key, value in EVIDENCE.items() if not key.startswith("placebo")}
    winner = report_of(a_document(an_attempt("primary-simulator", evidence=evidence)))["winner"]
    assert winner["why"].endswith("no placebo ran beside it, so chance is not excluded")


@pytest.mark.parametrize(
    ("sense", "placebo", "matched"),
    [
        ("max", 10, True),
        ("max", 11, True),
        ("max", 9, False),
        ("min", 9, True),
        ("min", 11, False),
        ("min", None, False),
    ],
)
def test_when_the_placebo_did_as_well(sense: str, placebo: int | None, matched: bool) -> None:
    document = a_document(sampled(evidence={"placebo_best": placebo}), sense=sense)
    assert the_attempt(document)["placebo_matched"] is matched


def test_a_second_attempt_of_the_chosen_leg_is_the_one_that_won() -> None:
    failed = an_attempt("primary-simulator", state="failed", objective=None, ran=None, evidence={})
    found = report_of(a_document(failed, sampled(number=2)))
    assert found["winner"]["credit"] == "circuit"
    assert found["attempts"][0]["unknown"]["q"] == NO_SAMPLES


@pytest.mark.parametrize("state", ["failed", "expired", "cancelled", "running"])
def test_a_job_that_is_not_completed_has_no_winner(state: str) -> None:
    assert report_of(a_document(sampled(), state=state))["winner"] is None


def test_a_document_without_attempts_says_so() -> None:
    document = a_document()
    del document["attempts"], document["sense"], document["chosen_leg"]
    found = report_of(document)
    assert (found["attempts"], found["winner"], list(found["unknown"])) == ([], None, ["attempts"])


def test_a_measurement_has_no_better_and_no_worse() -> None:
    attempt = an_attempt(
        "primary-simulator", objective=None, bound=None, gap=None, evidence={"shots": 1000, "fidelity": 0.9}
    )
    found = report_of(a_document(attempt, sense=None, objective=None, bound=None, gap=None, proven_optimal=False))
    assert (found["winner"]["credit"], found["attempts"][0]["placebo_matched"]) == ("circuit", None)
    assert found["attempts"][0]["q"] is None


def test_what_the_validator_checked_is_shown_but_for_what_depends_on_the_moment() -> None:
    fidelity = {"name": "fidelity", "value": 1.0, "weight": 1.0, "detail": "0.99 (95 % interval 0.98 to 1)"}
    aged = {"name": "calibration", "value": 0.5, "weight": 0.5, "detail": "24.0 h old"}
    attempt = an_attempt("primary-quantum", confidence={"value": 0.9, "parts": [fidelity, aged]})
    assert the_attempt(a_document(attempt))["checks"] == {
        "fidelity": {"value": 1.0, "weight": 1.0, "detail": "0.99 (95 % interval 0.98 to 1)"}
    }


def test_the_summary_of_a_kind_and_lane() -> None:
    price = {"amount": "0.25", "currency": "USD"}
    documents = [
        a_document(sampled(cost=price), an_attempt("baseline-classical")),
        a_document(
            sampled(
                objective=9, state="needs_review", gap=0.1, cost=price, evidence={"best_raw_objective": 9, "q": 0.8}
            ),
            an_attempt("baseline-classical"),
            chosen="baseline-classical",
            id="b",
        ),
        a_document(sampled(state="failed", evidence={"placebo_best": 10, "q": 0.7}), state="failed", id="c"),
    ]

    simulator, classical = honesty_report(documents)["summary"]

    assert (simulator["kind"], simulator["lane"], simulator["jobs"], simulator["attempts"]) == (
        "maxcut",
        "simulator",
        3,
        3,
    )
    assert simulator["completed"] == 2
    assert simulator["won"] == {"value": 0.5, "low": 0.094528655, "high": 0.905471345, "count": 2}
    assert simulator["accepted"]["value"] == pytest.approx(1 / 3)
    assert simulator["credits"] == {"circuit": 1}
    assert simulator["q"] == {"median": 0.7, "lowest": 0.6, "highest": 0.8, "known": 3}
    assert simulator["gap"] == {"median": 0.0, "lowest": 0.0, "highest": 0.1, "known": 3}
    assert simulator["p_opt"] == {"median": 0.1, "lowest": 0.0, "highest": 0.1, "known": 3}
    assert (simulator["placebo_matched"]["value"], simulator["placebo_matched"]["count"]) == (pytest.approx(1 / 3), 3)
    assert simulator["cost"] == [{"amount": "0.50", "currency": "USD"}]
    assert simulator["circumstances"]["run_s"] == {"median": 2.0, "lowest": 2.0, "highest": 2.0, "known": 3}
    assert (classical["lane"], classical["jobs"], classical["credits"]) == ("classical", 2, {"baseline": 1})
    assert (classical["q"], classical["placebo_matched"], classical["cost"]) == (None, None, [])


def test_only_the_jobs_of_a_lane_are_reported_where_one_is_named() -> None:
    documents = [
        a_document(sampled()),
        a_document(an_attempt("primary-classical"), chosen="primary-classical", id="b"),
    ]
    assert [job["job_id"] for job in honesty_report(documents, lane="classical")["jobs"]] == ["b"]
    assert honesty_report(documents, lane="quantum") == {"jobs": [], "summary": []}


def test_what_was_paid_in_further_currencies_is_counted_too() -> None:
    euros = {"amount": "0.40", "currency": "EUR"}
    paid = {"amount": "0.25", "currency": "USD", "further": [euros]}

    (found,) = honesty_report([a_document(sampled(cost=paid)), a_document(sampled(cost=euros), id="b")])["summary"]

    assert found["cost"] == [{"amount": "0.80", "currency": "EUR"}, {"amount": "0.25", "currency": "USD"}]


def test_what_acting_on_answers_brought_stands_with_the_lane_that_gave_them() -> None:
    told = [
        {"acted": True, "value": {"amount": "120.50", "currency": "EUR"}},
        {"acted": True, "value": {"amount": "-20.50", "currency": "EUR"}},
        {"acted": False},
    ]
    attempt = {"leg": "primary-classical", "lane": "classical", "state": "accepted", "objective": 5}
    document = {
        "id": "j", "kind": "maxcut", "state": "completed", "sense": "max", "objective": 5, "verdict": "accepted",
        "chosen_leg": "primary-classical", "attempts": [attempt], "outcomes": told,
    }  # fmt: skip

    (line,) = honesty_report([document])["summary"]

    assert (line["outcomes"]["told"], line["outcomes"]["acted"]["count"]) == (3, 3)
    assert line["outcomes"]["value"] == [{"amount": "100.00", "currency": "EUR"}]
