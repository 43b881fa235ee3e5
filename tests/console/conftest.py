"""A gateway with jobs behind a real port, and a browser in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import pytest
import pytest_asyncio

from queuebit_gateway.http.app import openapi_document
from tests.console.browser import TIMEOUT_MS, Theme, Watched, chromium, watched
from tests.contract.http.running_gateway import counted
from tests.contract.http.served import Served, served

__all__ = ["served"]


class Open(Protocol):
    """Opens a page, signed in unless told otherwise."""

    def __call__(self, theme: Theme = "light") -> AbstractAsyncContextManager[Watched]: ...


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Any]:
    executable = chromium()
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=executable, timeout=TIMEOUT_MS)
        yield running
        await running.close()


@pytest.fixture
async def a_page(browser: Any, served: Served) -> Open:
    """Opens a page on the gateway of this test, whose figures are counted."""
    await counted(served.world)
    paths = set(openapi_document()["paths"])

    def opened(theme: Theme = "light") -> AbstractAsyncContextManager[Watched]:
        return watched(browser, served.url, paths, theme)

    return opened
