"""`queuebit budget` on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from queuebit_store.postgres import PostgresSettings
from tests.integration.operations.conftest import QUEUEBIT, Said

Budget = Callable[..., Awaitable[Said]]
GRANT = ("grant", "acme/web", "--amount", "12.50", "--currency", "EUR", "--reason", "the shop", "--actor", "ann")


@pytest.fixture
def budget(settings: PostgresSettings) -> Budget:
    async def say(*arguments: str) -> Said:
        process = await asyncio.create_subprocess_exec(
            QUEUEBIT,
            "budget",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "QUEUEBIT_POSTGRES": settings.url, "QUEUEBIT_NAMESPACE": settings.namespace},
        )
        out, err = await process.communicate()
        return Said(process.returncode or 0, out.decode(), err.decode())

    return say


async def test_what_is_granted_is_shown_until_it_is_ended(budget: Budget) -> None:
    granted = await budget(*GRANT, "--json")

    assert granted.document == {
        "accounts": [
            {
                "budget": "acme/web",
                "purpose": "production",
                "currency": "EUR",
                "window": "total",
                "limit": "12.50",
                "left": "12.50",
                "reserved": "0",
                "spent": "0",
                "resets_at": None,
                "told_percent": 0,
            }
        ]
    }
    assert (await budget("show", "acme", "--json")).document == granted.document
    assert (await budget("holds", "--json")).document == {"holds": []}
    assert (await budget("end", "acme/web", "--currency", "EUR")).code == 0
    assert (await budget("end", "acme/web", "--currency", "EUR")).code == 3


async def test_what_cannot_be_meant_is_refused_with_its_flag_and_a_remedy(budget: Budget) -> None:
    said = await budget(*GRANT[:3], "1e3", *GRANT[4:])
    nobody = await budget("show", "globex")
    price = await budget("price", "qpu", "--forget")

    assert (said.code, "--amount" in said.err, "Remedy:" in said.err) == (2, True, True)
    assert (nobody.code, "nothing bounds it" in nobody.err) == (3, True)
    assert price.code == 3


async def test_a_price_is_written_down_with_who_did_it(budget: Budget) -> None:
    await budget("price", "qpu", "--task", "0.3", "--shot", "0.00035", "--actor", "ann")

    (found,) = (await budget("prices", "--json")).document["prices"]
    assert found == {
        "backend": "qpu",
        "currency": "USD",
        "task": "0.3",
        "shot": "0.00035",
        "second": "0",
        "actor": "ann",
    }
