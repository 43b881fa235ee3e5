"""The page on notebooks, run cell by cell in a kernel of Jupyter against a gateway behind a real port."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.contract.http.served import Served

PAGE = Path(__file__).parents[3] / "infra/docs/how-to/notebooks.md"
CELLS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
REQUIRED = "QUEUEBIT_NOTEBOOK_TEST"
"""Set by `make notebooks`: there a kernel that is missing is an error."""
MISSING = [name for name in ("nbclient", "ipykernel") if find_spec(name) is None]


def shown(cell: Any, kind: str = "text/plain") -> list[str]:
    """What a cell shows, each output as it stood at the end."""
    return [each["data"][kind] for each in cell["outputs"] if each["output_type"] in ("display_data", "execute_result")]


@pytest.mark.skipif(
    bool(MISSING) and not os.environ.get(REQUIRED), reason=f"{MISSING} of Python is missing: `make notebooks` brings it"
)
async def test_the_page_runs_in_a_kernel_and_shows_what_it_says(served: Served) -> None:
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    book = new_notebook(cells=[new_code_cell(each) for each in CELLS])
    env = {name: value for name, value in os.environ.items() if not name.startswith("QUEUEBIT_")}
    given = {"QUEUEBIT_URL": served.url, "QUEUEBIT_API_KEY": served.key, "HOME": str(served.home)}
    client = NotebookClient(
        book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(served.home)}}
    )

    await client.async_execute(env={**env, **given})

    started, followed, result, verdict, plan, explained, plain = book["cells"]
    assert started["outputs"] == []
    (at_the_end,) = shown(followed)
    assert re.match(r"Job [0-9a-f-]{36}: maxcut\n  state +completed\n  verdict +accepted\n", at_the_end)
    assert "<table>" in shown(followed, "text/html")[0]
    assert "side" in shown(result)[0]
    assert "objective" in shown(verdict)[0]
    assert shown(plan)[0].startswith("Plan classical_only")
    assert shown(explained)[0].startswith("Answered by enumeration")
    assert shown(plain) == ["'accepted'"]
    assert served.key not in str(book)
