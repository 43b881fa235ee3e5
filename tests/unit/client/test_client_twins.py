"""The synchronous client is the asynchronous one without its awaits, word for word."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "libs/client/src/queuebit_client"

WORDS = {
    "AsyncQueuebit": "Queuebit",
    "AsyncHandle": "Handle",
    "AsyncClient": "Client",
    "AsyncBaseTransport": "BaseTransport",
    "AsyncIterator": "Iterator",
    "AsyncExitStack": "ExitStack",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "enter_async_context": "enter_context",
    "aclose": "close",
    "aread": "read",
    "aiter_lines": "iter_lines",
    "anext": "next",
    "asyncio": "time",
    "asynchronous_line": "synchronous_line",
}


def _synchronous(text: str) -> str:
    text = re.sub(r"\basync (def|with|for)\b", r"\1", text)
    text = re.sub(r"\bawait ", "", text)
    text = re.sub(r"\b(" + "|".join(WORDS) + r")\b", lambda match: WORDS[match[0]], text)
    text = text.replace("for item in line.items(steps):\n                yield item", "yield from line.items(steps)")
    return text.replace("programs with an event loop", "programs without an event loop")


def _tree(text: str) -> list[str]:
    """The statements; imports sorted, as the formatter orders them by name."""
    body = ast.parse(text).body
    imports = sorted(
        f"{getattr(node, 'module', '')} {sorted(alias.name for alias in node.names)}"
        for node in body
        if isinstance(node, ast.Import | ast.ImportFrom)
    )
    return imports + [ast.dump(node) for node in body if not isinstance(node, ast.Import | ast.ImportFrom)]


@pytest.mark.parametrize("part", ["", "_line"])
def test_the_clients_are_twins(part: str) -> None:
    asynchronous = (FOLDER / f"asynchronous{part}.py").read_text()
    assert _tree(_synchronous(asynchronous)) == _tree((FOLDER / f"synchronous{part}.py").read_text())
