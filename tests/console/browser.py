"""The browser that the tests use, where there is one; pages that watch what they must not do."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import pytest

REQUIRED = "QUEUEBIT_CONSOLE_TEST"
"""Set by `make console-test`: there a browser that is missing is an error."""
CHROMIUM = "QUEUEBIT_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PICTURES = Path(__file__).parents[2] / "build" / "console"
TIMEOUT_MS = 120_000
"""Very generous: the machine may be busy."""
JUMP_MS, JUMPS_MAX = 5_000, 20
WIDE, TALL = 1440, 1000

Theme = Literal["light", "dark"]


def chromium() -> str:
    """Where the browser is. What is missing is named: the test is skipped, or fails where a browser is required."""
    missing = [name for name in ("playwright", "axe_playwright_python") if find_spec(name) is None]
    found = os.environ.get(CHROMIUM) or next(filter(None, map(shutil.which, NAMES)), None)
    if missing:
        _without(f"{', '.join(missing)} of Python is missing: `make console-test` installs it")
    if found is None:
        _without(f"there is no Chromium: `apt-get install chromium`, or name one by {CHROMIUM}")
    return str(found)


def _without(why: str) -> None:
    if os.environ.get(REQUIRED):
        pytest.fail(f"The console cannot be tried: {why}.")
    pytest.skip(why)


@dataclass
class Watched:
    """A page, what it complained of, and what it asked for."""

    page: Any
    base: str
    theme: Theme
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    undocumented: list[str] = field(default_factory=list)

    async def sign_in(self, key: str) -> None:
        """By keyboard, as a person does."""
        await self.page.goto(self.base)
        await self.page.wait_for_selector("#key")
        await self.page.keyboard.press("Tab")
        await self.page.keyboard.type(key)
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_selector("nav[aria-label=Console]")

    async def go(self, place: str) -> None:
        await self.page.goto(f"{self.base}#/{place}")

    async def jump(self, letter: str) -> None:
        """`g` and a letter: to another screen. The page takes them for one only where they come close upon each other, which a
        busy machine may not manage at once.
        """
        from playwright.async_api import TimeoutError as TimedOut

        before = self.page.url
        for _ in range(JUMPS_MAX):
            await self.page.keyboard.press("g")
            await self.page.keyboard.press(letter)
            with suppress(TimedOut):
                await self.page.wait_for_url(lambda url: url != before, timeout=JUMP_MS, wait_until="commit")
                return
        raise AssertionError(f"g and {letter} lead nowhere from {before}")

    async def has(self, text: str) -> None:
        """Wait until the text is seen. Fails with what is seen instead."""
        from playwright.async_api import TimeoutError as TimedOut

        try:
            await self.page.get_by_text(text).first.wait_for(timeout=TIMEOUT_MS)
        except TimedOut:
            raise AssertionError(
                f"{text!r} is not on the page; there is: {await self.page.inner_text('body')}"
            ) from None

    async def picture(self, name: str) -> None:
        """Keep what is seen."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=PICTURES / f"{name}-{self.theme}.png", full_page=True)

    async def violations(self) -> list[tuple[str, list[str]]]:
        """What axe finds: its rule, and where. Its text is run, not added: the page lets no foreign script in."""
        await self.page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
        found = await self.page.evaluate("axe.run()")
        return [(each["id"], [node["html"][:160] for node in each["nodes"]]) for each in found["violations"]]


@asynccontextmanager
async def watched(browser: Any, base: str, paths: set[str], theme: Theme = "light") -> AsyncIterator[Watched]:
    """A fresh page in a window of its own. `paths`: those of the public API; at the end nothing else was asked for, nothing
    foreign either, and nothing was complained of.
    """
    context = await browser.new_context(viewport={"width": WIDE, "height": TALL}, color_scheme=theme)
    context.set_default_timeout(TIMEOUT_MS)
    found = Watched(await context.new_page(), f"{base}/console/", theme)
    known = [re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)) for path in paths]

    def requested(request: Any) -> None:
        if not request.url.startswith(f"{base}/"):
            found.strangers.append(request.url)
            return
        path = request.url.removeprefix(base).partition("?")[0]
        if not path.startswith("/console/") and not any(each.fullmatch(path) for each in known):
            found.undocumented.append(path)

    def said(message: Any) -> None:
        if message.type in ("error", "warning"):
            found.complaints.append(message.text)

    def crashed(error: Any) -> None:
        found.complaints.append(str(error))

    found.page.on("request", requested)
    found.page.on("console", said)
    found.page.on("pageerror", crashed)
    try:
        yield found
        wrong = {"said": found.complaints, "foreign": found.strangers, "not of the API": found.undocumented}
        assert not any(wrong.values()), f"The page did what it may not: {wrong}"
    finally:
        await context.close()
