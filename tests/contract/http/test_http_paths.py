"""Paths over HTTP: as their own fold has them, for operators alone."""

from __future__ import annotations

from queuebit_contracts.outcomes import Brought
from queuebit_contracts.paths import PathFrozen
from tests.contract.http.running_gateway import RunningGateway
from tests.unit.paths.given import a_pair
from tests.unit.paths.measured_jobs import PATH_ID, a_registration, append_to_path


async def test_paths_are_listed_and_read_with_every_number_of_their_gate(world: RunningGateway) -> None:
    headers = await world.headers("ops", "operator")
    empty = await world.http.get("/v1/paths", headers=headers)
    await append_to_path(
        world.store, world.clock.now(), a_registration(), PathFrozen(actor="sre", reason="odd answers")
    )

    listed = (await world.http.get("/v1/paths", headers=headers)).json()["data"]
    read = await world.http.get(f"/v1/paths/{PATH_ID}", headers=headers)

    assert empty.json() == {"object": "list", "data": []}
    assert (read.status_code, [read.json()]) == (200, listed)
    assert {name: listed[0][name] for name in ("path", "stage", "verdict", "frozen", "answers_percent", "pairs")} == {
        "path": "maxcut/xs/interactive@0123456789abcdef",
        "stage": "shadow",
        "verdict": "hold",
        "frozen": "odd answers",
        "answers_percent": 0,
        "pairs": 0,
    }
    assert {each["hypothesis"] for each in listed[0]["evidence"]} >= {"harm", "superior_to_placebo", "sample_ratio"}


async def test_what_answers_brought_is_told_and_of_how_many_pairs_it_is_missing(world: RunningGateway) -> None:
    told = a_pair(
        path_brought=(Brought(amount="12.50", currency="EUR"),), base_brought=(Brought(amount="10", currency="EUR"),)
    )
    missing = a_pair(2, counted=False, missing="base")
    await append_to_path(world.store, world.clock.now(), a_registration(measure="outcome_value"), told, missing)

    read = await world.http.get(f"/v1/paths/{PATH_ID}", headers=await world.headers("ops", "operator"))

    assert read.json()["outcomes"] == {
        "measure": "outcome_value",
        "told": 1,
        "untold": 1,
        "path": [{"amount": "12.50", "currency": "EUR"}],
        "base": [{"amount": "10", "currency": "EUR"}],
    }


async def test_what_answers_brought_together_is_told_however_much_it_is(world: RunningGateway) -> None:
    most = (Brought(amount="9" * 15, currency="EUR"),)
    told = [a_pair(nth, path_brought=most, base_brought=most) for nth in (1, 2)]
    await append_to_path(world.store, world.clock.now(), a_registration(), *told)

    read = await world.http.get("/v1/paths", headers=await world.headers("ops", "operator"))

    assert read.status_code == 200
    assert read.json()["data"][0]["outcomes"]["path"] == [{"amount": "1999999999999998", "currency": "EUR"}]


async def test_what_is_no_path_is_not_found_and_tenants_are_refused(world: RunningGateway) -> None:
    headers = await world.headers("ops", "operator")
    job = (await world.submit("k", Prefer="wait=5")).json()

    for unknown in (str(PATH_ID), "nothing", job["id"]):
        answer = await world.http.get(f"/v1/paths/{unknown}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "path_not_found")
    refused = await world.http.get("/v1/paths", headers=await world.headers())
    assert (refused.status_code, refused.json()["code"]) == (403, "role_forbids")
