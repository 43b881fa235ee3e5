"""The console's files: what is sent, what the page may do with it, and that nothing of it comes from elsewhere."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import replace

import httpx2
import pytest

from queuebit_gateway.console.files import web_files
from queuebit_gateway.http.app import create_app
from tests.contract.http.running_gateway import RunningGateway

VENDORED = {
    "vendor/htm.mjs": "ab33dd3f38059b9be4d5f5350128eefb2356639c4e0bbe9d9e8b3ba75847e9e4",
    "vendor/hooks.mjs": "86c7aecddbc493912b55a803b8f7709042e5d6aaa27f1ad85bcbb5cf34d18084",
    "vendor/preact.mjs": "225d7a773766e6fb2cfcc45274fe41d2059f5782f3f2c4569aa5132a2d3a2902",
}
"""htm 3.1.1 and Preact 11.2.0 as npm has them, without the line that names a source map."""
IMPORT = re.compile(r'(?:^(?:import|export)\b[^;]*?\bfrom |\bimport\()"([^"]+)"', re.MULTILINE)


async def test_a_page_is_sent_that_may_do_nothing_but_ask_its_own_gateway(world: RunningGateway) -> None:
    answer = await world.http.get("/console/")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    (import_map,) = re.findall(r'<script type="importmap">(.*?)</script>', answer.text)
    digest = base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'self' 'sha256-{digest}'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_file_that_is_known_is_not_sent_again_and_a_new_one_is_compressed(world: RunningGateway) -> None:
    plain = await world.http.get("/console/app.js", headers={"Accept-Encoding": "identity"})
    zipped = await world.http.get("/console/app.js", headers={"Accept-Encoding": "gzip"})
    known = await world.http.get("/console/app.js", headers={"If-None-Match": plain.headers["etag"]})

    assert plain.content == zipped.content == web_files()["app.js"].body
    assert gzip.decompress(web_files()["app.js"].zipped) == plain.content
    assert (plain.headers.get("content-encoding"), zipped.headers["content-encoding"]) == (None, "gzip")
    assert (known.status_code, known.content) == (304, b"")
    assert {each.headers["vary"] for each in (plain, zipped, known)} == {"Accept-Encoding"}


@pytest.mark.parametrize("path", ["nothing.js", "../settings.py", "%2e%2e/files.py", "vendor", "core/"])
async def test_what_is_no_file_of_the_console_is_not_there(world: RunningGateway, path: str) -> None:
    answer = await world.http.get(f"/console/{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_browser_finds_it_from_the_front_door_and_a_program_is_told_that_there_is_nothing(
    world: RunningGateway,
) -> None:
    browser = await world.http.get("/", headers={"Accept": "text/html,*/*;q=0.8"})
    program = await world.http.get("/", headers={"Accept": "application/json"})
    without_slash = await world.http.get("/console")

    assert (browser.status_code, browser.headers["location"]) == (307, "console/")
    assert (program.status_code, program.json()["code"]) == (404, "not_found")
    assert (without_slash.status_code, without_slash.headers["location"]) == (308, "console/")


async def test_an_operator_may_leave_it_out(world: RunningGateway) -> None:
    app = create_app(replace(world.parts, console=False))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://test") as http:
        answers = [await http.get(path, headers={"Accept": "text/html"}) for path in ("/", "/console", "/console/")]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(404, "not_found")] * 3


def test_every_module_finds_what_it_imports_and_nothing_comes_from_elsewhere() -> None:
    texts = {name: file.body.decode() for name, file in web_files().items() if name.endswith((".js", ".html", ".css"))}
    bare = {"preact", "preact/hooks", "htm"}
    missing = [
        (name, target)
        for name, text in texts.items()
        if name.endswith(".js")
        for target in IMPORT.findall(text)
        if target not in bare and _resolved(name, target) not in web_files()
    ]

    assert len(texts) > 20
    assert missing == []
    assert [name for name, text in texts.items() if re.search(r"(?:src|href|url\(|import\s*\()\W*https?:", text)] == []


def test_what_was_taken_over_is_what_was_published() -> None:
    found = {name: hashlib.sha256(file.body).hexdigest() for name, file in web_files().items() if name.endswith(".mjs")}

    assert found == VENDORED


def _resolved(name: str, target: str) -> str:
    parts = name.split("/")[:-1]
    for step in target.split("/"):
        if step == "..":
            parts.pop()
        elif step != ".":
            parts.append(step)
    return "/".join(parts)
