"""Recorded conversations with clouds, through the clients that are installed: they ask the same, and so is what is made of it.

Where a new version of a client asks otherwise, this fails and says where. `make provider-fixtures` records anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from queuebit_quantum_adapter.errors import ProviderUnavailable
from queuebit_workbench.clouds.recorded import Exchange, Replay, decoded
from queuebit_workbench.clouds.spoken import VENDORS, conversation, replayed

NEEDS = {"ibm": "qiskit_ibm_runtime", "braket": "braket.aws", "leap": "dwave.cloud", "qrmi": "qrmi"}
POSTED = {"ibm": "/experimental/jobs", "braket": "/quantum-task", "leap": "/problems/", "qrmi": "/experimental/jobs"}
FORGOTTEN = {"ibm": "/metrics", "braket": "/quantum-tasks", "leap": "/answer", "qrmi": "/metrics"}
NEEDED = ("braket", "leap")
"""Where nothing comes of the submission without what was forgotten."""


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    pytest.importorskip(NEEDS[name], reason=f"the extra `{name}` is not installed")
    return name


@pytest.fixture
def recorded(vendor: str) -> tuple[dict[str, Any], list[Exchange]]:
    return decoded((Path(__file__).parent / "recorded" / f"{vendor}.jsonl").read_text())


@contextmanager
def led_to(vendor: str, exchanges: list[Exchange], patch: pytest.MonkeyPatch) -> Iterator[Replay]:
    """A recording as a cloud, to which the environment leads."""
    cloud = replayed(exchanges)
    cloud.start()
    for name, value in VENDORS[vendor].env_at(cloud.url).items():
        patch.setenv(name, value)
    yield cloud
    cloud.close()


def test_the_client_asks_as_it_did_and_the_same_is_made_of_it(
    vendor: str, recorded: tuple[dict[str, Any], list[Exchange]], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, exchanges = recorded

    with led_to(vendor, exchanges, monkeypatch) as cloud:
        found = conversation(VENDORS[vendor])

    assert (cloud.unknown, cloud.otherwise) == ([], [])
    assert found == told
    then = {(each.method, each.place) for each in exchanges}
    assert then - {*cloud.asked} == set(), "what is not asked any more"


def _older(shape: Any) -> Any:
    """A document, or each of several, with a field more."""
    return [_older(each) for each in shape] if isinstance(shape, list) else {**shape, "labels": "str"}


def test_a_client_that_sends_other_fields_or_asks_more_is_found_out(
    vendor: str, recorded: tuple[dict[str, Any], list[Exchange]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a recording of a client that sent another field and asked for one thing less."""
    older = [
        replace(each, shape=_older(each.shape)) if each.place == POSTED[vendor] and each.shape else each
        for each in recorded[1]
        if not each.place.endswith(FORGOTTEN[vendor])
    ]

    refused = pytest.raises(ProviderUnavailable) if vendor in NEEDED else nullcontext()

    with led_to(vendor, older, monkeypatch) as cloud, refused:
        conversation(VENDORS[vendor])

    assert cloud.unknown[0].endswith(FORGOTTEN[vendor])
    assert [place for place, _, _ in cloud.otherwise] == [f"POST {POSTED[vendor]}"]
