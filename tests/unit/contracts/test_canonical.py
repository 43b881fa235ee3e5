"""Canonical JSON: one text for one meaning, whether a value comes as a model or as what it dumps to."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from queuebit_contracts.canonical import canonical_json, fingerprint
from queuebit_contracts.model import Model
from tests.builders import NOW, a_problem, a_request, a_success, a_verdict

VALUES: dict[str, Model | Any] = {
    "request": a_request(params={"b": 1.5, "a": True}, labels={"z": "y"}, budget_s=3, seed=5),
    "deadline": a_request(deadline=NOW),
    "microseconds": a_request(deadline=NOW.replace(microsecond=123_456)),
    "offset": a_request(deadline=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))),
    "execution": a_success(),
    "verdict": a_verdict(),
    "beyond 64 bits": a_problem(offset=2**70),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_model_reads_as_its_dump(name: str) -> None:
    value = VALUES[name]

    assert canonical_json(value) == canonical_json(value.model_dump(mode="json"))


def test_the_order_of_keys_does_not_matter_and_the_way_a_number_is_written_does() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 1.0})


def test_what_is_no_json_has_no_fingerprint() -> None:
    with pytest.raises(TypeError):
        fingerprint({"a": object()})


@pytest.mark.parametrize("number", [10**400, -(10**400)])
def test_an_integer_that_other_readers_fail_on_has_none(number: int) -> None:
    with pytest.raises(TypeError):
        canonical_json(a_problem(offset=number))


def test_an_id_reads_alike_whoever_made_it() -> None:
    class Drivers(UUID):
        """As a driver of a database makes them."""

    text = "00000000-0000-0000-0000-000000000007"
    assert canonical_json({"id": Drivers(text), "with": a_verdict()}) == canonical_json(
        {"id": UUID(text), "with": a_verdict()}
    )
