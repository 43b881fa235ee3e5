"""Leap is opened in the region that its backend states, or not at all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from queuebit_quantum_adapter.errors import ProviderUnavailable

pytest.importorskip("dwave.cloud", reason="the extra `leap` is not installed")

EUROPE, AMERICA = "https://eu-central-1.cloud.dwavesys.com/sapi/v2/", "https://na-west-1.cloud.dwavesys.com/sapi/v2/"
KNOWN = [
    SimpleNamespace(code=code, solver_api_endpoint=at, leap_api_endpoint=at.replace("sapi/v2", "leap/api"))
    for code, at in (("eu-central-1", EUROPE), ("na-west-1", AMERICA))
]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """Opens an account of this environment; `known` are the regions that D-Wave tells of, None where it does not answer."""
    import dwave.cloud.regions  # type: ignore[import-untyped]
    from dwave.cloud.api.exceptions import RequestError  # type: ignore[import-untyped]

    from queuebit_quantum_adapter.providers.leap.client import Client

    config = tmp_path / "dwave.conf"

    def open_at(env: dict[str, str], known: list[Any] | None = KNOWN, file: str = "") -> str:
        config.write_text(f"[defaults]\n{file}\n")

        def regions(**_: object) -> list[Any]:
            if known is None:
                raise RequestError("nobody answers")
            return known

        for name in ("ENDPOINT", "REGION"):
            monkeypatch.delenv(f"DWAVE_API_{name}", raising=False)
        monkeypatch.delenv("DWAVE_LEAP_API_ENDPOINT", raising=False)
        for name, value in ({"DWAVE_API_TOKEN": "t", "DWAVE_CONFIG_FILE": str(config)} | env).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(dwave.cloud.regions, "get_regions", regions)
        return str(Client(1.0)._problems.client.config["endpoint"])

    return open_at


@pytest.mark.parametrize(
    ("env", "at"),
    [
        ({"DWAVE_API_REGION": "eu-central-1"}, EUROPE),
        ({"DWAVE_API_REGION": "na-west-1"}, "https://cloud.dwavesys.com/sapi/"),
        ({"DWAVE_API_ENDPOINT": EUROPE}, EUROPE),
        ({"DWAVE_API_ENDPOINT": EUROPE, "DWAVE_API_REGION": "na-west-1"}, EUROPE),
        ({"DWAVE_API_ENDPOINT": "http://127.0.0.1:1/"}, "http://127.0.0.1:1/"),
        ({}, "https://cloud.dwavesys.com/sapi/"),
    ],
)
def test_it_is_opened_where_its_backend_stands(told: Any, env: dict[str, str], at: str) -> None:
    assert told(env) == at


def test_where_nobody_says_where_the_region_is_nothing_is_sent_elsewhere(told: Any) -> None:
    with pytest.raises(
        ProviderUnavailable, match="nobody says where eu-central-1 is, and nothing is sent to na-west-1"
    ):
        told({"DWAVE_API_REGION": "eu-central-1"}, None)


def test_a_region_of_the_file_holds_as_well(told: Any) -> None:
    assert told({}, file="region = eu-central-1") == EUROPE
    with pytest.raises(ProviderUnavailable, match="nobody says where eu-central-1 is"):
        told({}, None, file="region = eu-central-1")


def test_where_another_address_leads_away_from_the_region_nothing_is_sent_there(told: Any) -> None:
    with pytest.raises(ProviderUnavailable, match="eu-central-1"):
        told(
            {
                "DWAVE_API_REGION": "eu-central-1",
                "DWAVE_LEAP_API_ENDPOINT": "https://na-west-1.cloud.dwavesys.com/leap/api/",
            }
        )
