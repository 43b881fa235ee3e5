"""Lint finds every mistake that is put into a policy, and nothing in one that has none."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_contracts.policy import PolicyDocument
from queuebit_domain.policy.default import DEFAULT_DOCUMENT
from queuebit_domain.policy.lint import counted, lint
from tests.unit.policy.policies import CLASSICAL, LAST, QUANTUM, a_document, guard, measured, row


def found(document: PolicyDocument) -> list[tuple[str, str, str]]:
    """Level, code and place, without the notes on what is not known."""
    return [(each.level, each.code, each.at) for each in lint(document) if not each.code.startswith("unknown_")
            or each.level == "error"]  # fmt: skip


ROW_FAULTS: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "a fact that is none": ({"quibts": 3}, ("error", "unknown_fact", "routing/x/when/quibts")),
    "a text for a number": ({"qubits": "3"}, ("error", "wrong_type", "routing/x/when/qubits/eq")),
    "a truth value for a text": ({"wish": False}, ("error", "wrong_type", "routing/x/when/wish/eq")),
    "a fraction of a count": ({"qubits": {"ge": 2.5}}, ("error", "wrong_type", "routing/x/when/qubits/ge")),
    "a value it never has": ({"tier": "fast"}, ("error", "never", "routing/x/when/tier/eq")),
    "one of several it never has": (
        {"tier": {"any_of": ["batch", "fast"]}},
        ("error", "never", "routing/x/when/tier/any_of"),
    ),
    "a number beyond all": ({"qubits": {"ge": 10**400}}, ("error", "too_large", "routing/x/when/qubits/ge")),
    "an order of texts": ({"tier": {"lt": "batch"}}, ("error", "no_order", "routing/x/when/tier/lt")),
    "nothing wanted": ({"tier": {}}, ("error", "empty_condition", "routing/x/when/tier")),
    "known of every job": ({"tier": {"known": True}}, ("error", "always_known", "routing/x/when/tier/known")),
    "another fact that is none": (
        {"qubits": {"lt": {"fact": "nothing"}}},
        ("error", "unknown_fact", "routing/x/when/qubits/lt"),
    ),
    "another fact of no number": (
        {"qubits": {"lt": {"fact": "tier"}}},
        ("error", "not_numbers", "routing/x/when/qubits/lt"),
    ),
    "another fact of another unit": (
        {"time_left_s": {"lt": {"fact": "qubits"}}},
        ("error", "other_unit", "routing/x/when/time_left_s/lt"),
    ),
    "no number at all": ({"qubits": {"gt": 5, "lt": 5}}, ("error", "impossible", "routing/x")),
    "no whole number between": ({"qubits": {"gt": 5, "lt": 6}}, ("error", "impossible", "routing/x")),
    "both a fact and its opposite": (
        {"time_left_s": {"lt": {"fact": "latency_budget_s"}, "ge": {"fact": "latency_budget_s"}}},
        ("error", "impossible", "routing/x"),
    ),
}


@pytest.mark.parametrize("name", ROW_FAULTS)
def test_a_fault_of_a_row(name: str) -> None:
    when, wanted = ROW_FAULTS[name]

    assert found(a_document(row("x", **when), row("q", "quantum", wish="quantum"))) == [wanted]


UNREACHABLE: dict[str, list[dict[str, Any]]] = {
    "behind a wider row": [row("w", qubits={"ge": 3}), row("x", "quantum", qubits={"ge": 5})],
    "behind the same": [row("w", tier="batch"), row("x", "quantum", tier="batch")],
    "behind two that take all together": [
        row("low", qubits={"lt": 9}),
        row("high", qubits={"ge": 9}),
        row("x", "quantum", tier="batch"),
    ],
    "behind all values of a text": [
        row("i", tier="interactive"),
        row("b", tier={"any_of": ["batch", "scheduled"]}),
        row("x", "quantum", qubits=3),
    ],
    "behind both truths": [row("t", refine=True), row("f", refine={"ne": True}), row("x", "quantum", qubits=3)],
    "behind known and unknown": [
        row("k", quantum_queue={"known": True}),
        row("u", quantum_queue={"known": False}),
        row("x", "quantum", qubits=3),
    ],
}


@pytest.mark.parametrize("name", UNREACHABLE)
def test_a_row_that_is_never_reached(name: str) -> None:
    errors = [
        each
        for each in found(a_document(*UNREACHABLE[name], row("q", "quantum", wish="quantum")))
        if each[0] == "error"
    ]

    assert ("error", "unreachable", "routing/x") in errors


REACHABLE: dict[str, list[dict[str, Any]]] = {
    "where a hole is left": [
        row("low", qubits={"lt": 9}),
        row("high", qubits={"gt": 9}),
        row("x", "quantum", tier="batch"),
    ],
    "where nobody knows": [
        row("low", quantum_queue={"lt": 9}),
        row("high", quantum_queue={"ge": 9}),
        row("x", "quantum", tier="batch"),
    ],
    "where neither fact is known": [
        row("lt", time_left_s={"lt": {"fact": "latency_budget_s"}}),
        row("ge", time_left_s={"ge": {"fact": "latency_budget_s"}}),
        row("x", "quantum", tier="batch"),
    ],
}


@pytest.mark.parametrize("name", REACHABLE)
def test_a_row_that_is_reached_is_left_alone(name: str) -> None:
    assert [each for each in found(a_document(*REACHABLE[name])) if each[0] == "error"] == []


def test_numbers_that_fall_between_two_rows() -> None:
    gap = a_document(row("low", qubits={"lt": 5}), row("high", "quantum", qubits={"gt": 6}))
    whole = a_document(row("low", qubits={"le": 5}), row("high", "quantum", qubits={"ge": 6}))
    apart = a_document(row("low", qubits={"lt": 5}), row("high", "quantum", qubits={"gt": 6}, tier="batch"))

    (finding,) = [each for each in lint(gap) if each.code == "gap"]
    assert (finding.level, finding.at) == ("warning", "routing/high")
    assert finding.detail == "no row takes qubits from 5 to 6, which is between low and high"
    assert [each.code for each in lint(whole)] == []
    assert "gap" not in [each.code for each in lint(apart)]


def test_rows_that_overlap_by_accident_are_noted_and_general_cases_are_not() -> None:
    accident = a_document(row("a", qubits={"ge": 5}), row("b", "quantum", tier="batch"))
    general = a_document(row("a", qubits={"ge": 5}, tier="batch"), row("b", "quantum", tier="batch"))

    assert found(accident) == [("note", "overlap", "routing/b")]
    assert found(general) == []


APPROVAL = {"id": "a", "role": "owners", "expires_s": 5, "reason": "It is dear."}
DOCUMENT_FAULTS: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "no row for the rest": (
        {"routing": [row("q", "quantum", wish="quantum"), row("c", wish="auto")]},
        ("error", "no_default", "routing/c"),
    ),
    "a rest that costs": (
        {"routing": [row("c", wish="auto"), row("q", "quantum")]},
        ("error", "costly_default", "routing/q"),
    ),
    "a plan that is none": (
        {"routing": [row("q", "quantum", wish="quantum"), row("c", "clasical", wish="auto"), LAST]},
        ("error", "unknown_plan", "routing/c/use"),
    ),
    "a plan nobody uses": ({"routing": [LAST]}, ("warning", "unused_plan", "plans/quantum")),
    "the same row twice": (
        {"routing": [row("q", "quantum", wish="quantum"), row("q", wish="auto"), LAST]},
        ("error", "row_twice", "routing/q"),
    ),
    "an experiment that answers": (
        {"experiments": [{**measured("m"), "add": {"role": "primary", "lane": "quantum"}}]},
        ("error", "experiment_answers", "experiments/m/add/role"),
    ),
    "a guard on the default answer": ({"guards": [guard("g", "rule")]}, ("error", "rule_denied", "guards/g/deny")),
    "a fact in a sentence that is none": (
        {"routing": [{**row("q", "quantum", wish="quantum"), "reason": "It has {quibts}."}, LAST]},
        ("error", "unknown_fact", "routing/q/reason"),
    ),
    "a sentence with an open brace": (
        {"routing": [{**row("q", "quantum", wish="quantum"), "reason": "It has {."}, LAST]},
        ("error", "bad_sentence", "routing/q/reason"),
    ),
    "an approval that ends in no plan": (
        {"approvals": [{**APPROVAL, "on_expiry": "clasical"}]},
        ("error", "unknown_plan", "approvals/a/on_expiry"),
    ),
    "an approval of a plan that is none": (
        {"approvals": [{**APPROVAL, "plans": ["quantom"]}]},
        ("error", "unknown_plan", "approvals/a/plans"),
    ),
    "a plan without a first leg": (
        {"plans": {"classical": CLASSICAL, "quantum": {**QUANTUM, "legs": QUANTUM["legs"][1:]}}},
        ("error", "no_primary", "plans/quantum/legs"),
    ),
}


@pytest.mark.parametrize("name", DOCUMENT_FAULTS)
def test_a_fault_of_a_document(name: str) -> None:
    changes, wanted = DOCUMENT_FAULTS[name]

    assert found(a_document(**{"routing": [row("q", "quantum", wish="quantum"), LAST], **changes})) == [wanted]


def test_what_is_not_known_is_noted_with_which_way_it_goes() -> None:
    document = a_document(row("q", "quantum", bucket={"lt": 5}), guards=[guard("g", quantum_queue={"gt": 5})])

    assert [(each.code, each.at) for each in lint(document)] == [
        ("unknown_passes", "routing/q"),
        ("unknown_forbids", "guards/g"),
    ]


def test_the_policy_of_the_release_has_no_fault() -> None:
    assert {level for level, count in counted(lint(DEFAULT_DOCUMENT)).items() if count} == {"note"}


@pytest.mark.parametrize(
    ("most", "step", "codes"), [(4, 2.0, []), (16, 1e30, ["step_too_far"]), (2, 1e308, ["step_too_far"])]
)
def test_rounds_that_step_too_far_are_refused(most: int, step: float, codes: list[str]) -> None:
    leg = {
        "role": "primary",
        "lane": "quantum",
        "params": {"shots": 100},
        "rounds": {"most": most, "step": {"shots": step}},
    }
    plans = {"classical": CLASSICAL, "quantum": {"plan": "loop", "legs": [leg]}}

    document = a_document(row("x", "quantum", tier="batch"), plans=plans)

    assert [each.code for each in lint(document) if each.level == "error"] == codes
