"""Measurements through all five services in one process: sampled, compared with the exact result, accepted, explained."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from queuebit_client.asynchronous import AsyncQueuebit
from queuebit_problems.registry import kind_of
from queuebit_workbench.local import ended, one_process

BODY_SEED = 11


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[AsyncQueuebit]:
    async with one_process(lambda name, data: None) as found:
        yield found


def an_example(kind: str, **changes: Any) -> dict[str, Any]:
    statement = kind_of(kind).example().model_dump(mode="json")
    return {"problem": {"kind": kind, "statement": {**statement, **changes}}, "seed": BODY_SEED, "budget_s": 60.0}


def parts_of(document: dict[str, Any]) -> set[str]:
    return {part["name"] for part in document["confidence_parts"]}


async def test_a_circuit_is_sampled_and_compared_with_its_distribution(client: AsyncQueuebit) -> None:
    found = await ended(client, an_example("circuit_sampling", shots=1000))

    assert (found["state"], found["verdict"], found["objective"]) == ("completed", "accepted", None)
    assert set(found["answer"]["counts"]) == {"00", "11"}
    assert found["ran"]["backend"] == "aer_simulator"
    assert found["plan"] == "quantum_then_fallback"
    assert [(attempt["leg"], attempt["state"]) for attempt in found["attempts"]] == [("primary-simulator", "accepted")]
    assert found["attempts"][0]["evidence"]["equivalence"]["fidelity"] == pytest.approx(1, abs=1e-9)
    assert {"verification", "shots"} < parts_of(found)


async def test_the_same_seed_gives_the_same_counts_and_another_seed_others(client: AsyncQueuebit) -> None:
    body = an_example("circuit_sampling", shots=5000)

    first, again = await ended(client, body), await ended(client, body)
    other = await ended(client, {**body, "seed": BODY_SEED + 1})

    assert first["answer"] == again["answer"]
    assert first["answer"] != other["answer"]


async def test_a_least_energy_is_searched_beside_its_exact_value(client: AsyncQueuebit) -> None:
    found = await ended(client, an_example("expectation"))

    legs = {attempt["leg"]: attempt for attempt in found["attempts"]}
    assert (found["state"], found["verdict"], found["proven_optimal"]) == ("completed", "accepted", True)
    assert found["objective"] == pytest.approx(-1.137117, abs=1e-5)
    assert {leg: attempt["state"] for leg, attempt in legs.items()} == {
        "primary-simulator": "accepted",
        "baseline-classical": "accepted",
    }
    assert legs["primary-simulator"]["objective"] == pytest.approx(found["objective"], abs=1e-6)
    assert legs["primary-simulator"]["usage"]["iterations"] > 1


async def test_a_kernel_is_measured_pair_by_pair(client: AsyncQueuebit) -> None:
    found = await ended(client, an_example("kernel"))

    assert (found["state"], found["verdict"]) == ("completed", "accepted")
    assert found["attempts"][0]["evidence"]["equivalence"]["circuits"] == found["attempts"][0]["evidence"]["pairs"]


async def test_the_exact_reference_answers_where_it_is_asked(client: AsyncQueuebit) -> None:
    found = await ended(client, {**an_example("circuit_sampling"), "lane": "classical"})

    assert (found["verdict"], found["ran"]["backend"]) == ("accepted", "queuebit-problems")


async def test_no_measurement_has_a_default_answer(client: AsyncQueuebit) -> None:
    found = await ended(client, {**an_example("kernel"), "lane": "rule"})

    assert (found["state"], found["answer"]) == ("failed", None)
    assert found["attempts"][0]["failure"]["detail"] == "No kernel is answered without a measurement."


async def test_the_explanation_has_words_without_an_objective(client: AsyncQueuebit) -> None:
    job = await client.submit_body(an_example("circuit_sampling", shots=100))
    await client.wait(job.id)

    told = await client.explain(job.id)

    assert told.summary == ("Answered by circuit on aer_simulator (simulator lane): verdict accepted.")
    texts = [entry.text for entry in told.timeline]
    assert not any("None" in text for text in texts)
    assert texts[-1] == "Completed with the answer of primary-simulator: accepted."
