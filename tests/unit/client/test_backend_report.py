"""What each backend brought: counted from the attempts of jobs, with what it cost also where it failed."""

from __future__ import annotations

from typing import Any

from queuebit_client.honesty.backends import backends_report

QPU = {
    "name": "qpu", "lane": "quantum", "provider": "ibm 1", "qubits_max": 127,
    "capabilities": {"shots_max": 4096, "recovery": "token", "mitigations": ["dd"]},
    "runs": {"count": 7, "wait_s_median": 60.0, "wait_s_p90": 300.0},
}  # fmt: skip


def attempt(leg: str, backend: str, state: str, cost: str = "0", **more: Any) -> dict[str, Any]:
    return {
        "leg": leg, "lane": leg.split("-")[1], "role": "primary", "number": 1, "state": state,
        "ran": {"backend": backend, "method": "m"}, "objective": 5, "gap": 0.1, "cost": {"amount": cost, "currency": "USD"},
        "started_at": "2026-01-02T03:04:05Z", "finished_at": "2026-01-02T03:04:09Z", **more,
    }  # fmt: skip


def job(chosen: str, *attempts: dict[str, Any], kind: str = "maxcut") -> dict[str, Any]:
    return {
        "id": "j", "kind": kind, "state": "completed", "verdict": "accepted", "sense": "max", "objective": 5,
        "chosen_leg": chosen, "attempts": list(attempts),
    }  # fmt: skip


def test_a_backend_is_judged_by_all_its_attempts_and_pays_for_its_failures() -> None:
    jobs = [
        job("primary-quantum", attempt("primary-quantum", "qpu", "accepted", "1.50"),
            attempt("baseline-classical", "cp-sat", "accepted")),
        job("baseline-classical", attempt("primary-quantum", "qpu", "rejected", "1.50"),
            attempt("baseline-classical", "cp-sat", "accepted")),
    ]  # fmt: skip

    classical, quantum = backends_report(jobs, [QPU])

    assert (quantum["backend"], quantum["kind"], quantum["attempts"], quantum["few"]) == ("qpu", "maxcut", 2, True)
    assert (quantum["accepted"]["value"], quantum["accepted"]["count"], quantum["chosen"]["value"]) == (0.5, 2, 0.5)
    assert quantum["cost"] == [{"amount": "3.00", "currency": "USD"}]
    assert quantum["cost_per_accepted"] == [{"amount": "3.000000", "currency": "USD"}]
    assert (quantum["run_s"]["median"], quantum["gap"]["known"]) == (4.0, 1)
    assert (quantum["capabilities"]["recovery"], quantum["waits"]["wait_s_p90"]) == ("token", 300.0)
    assert (classical["backend"], classical["cost"], classical["provider"]) == ("cp-sat", [], None)


def test_one_that_nobody_tried_is_a_line_without_figures_and_kinds_stand_apart() -> None:
    tried = [
        job("primary-quantum", attempt("primary-quantum", "qpu", "failed"), kind=kind) for kind in ("tsp", "maxcut")
    ]

    lines = backends_report(tried, [QPU, {"name": "idle", "lane": "simulator"}])

    assert [(line["backend"], line["kind"], line["attempts"]) for line in lines] == [
        ("idle", None, 0), ("qpu", "maxcut", 1), ("qpu", "tsp", 1),
    ]  # fmt: skip
    assert (lines[0]["accepted"], lines[1]["cost_per_accepted"], lines[1]["cost"]) == (None, None, [])
