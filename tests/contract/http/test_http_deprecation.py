"""A route that goes says so in every answer, refusals included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from fastapi import Depends, FastAPI

from queuebit_gateway.http.deprecation import Deprecation, goes
from queuebit_gateway.http.envelope import Shell
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.ids import SystemIds

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
OLD = Deprecation(SINCE, SINCE + timedelta(days=365), "/problems/not_found")


async def test_an_answer_names_both_dates_and_the_page() -> None:
    app = FastAPI()

    @app.get("/old", dependencies=[Depends(goes(OLD))])
    async def old() -> dict[str, str]:
        return {}

    shell = Shell(app, SystemIds(SystemClock()))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=shell), base_url="http://test") as http:
        answer = await http.get("/old")

    told = {name: answer.headers.get(name) for name in ("deprecation", "sunset", "link")}
    assert told == {
        "deprecation": "@1767225600",
        "sunset": "Fri, 01 Jan 2027 00:00:00 GMT",
        "link": '</problems/not_found>; rel="deprecation"',
    }


def test_nobody_is_given_less_than_half_a_year() -> None:
    with pytest.raises(ValueError, match="180 days"):
        Deprecation(SINCE, SINCE + timedelta(days=179), "/")
