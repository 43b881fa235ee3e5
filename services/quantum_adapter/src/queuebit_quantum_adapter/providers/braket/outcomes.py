"""What comes back of a task, as counts. Imported in worker processes only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from queuebit_quantum_adapter.providers.braket.text import columns_of
from queuebit_quantum_adapter.providers.terminal import counted

Fetch = Callable[[str], bytes]
"""What lies under a path beside the result."""


def counts_of(result: Mapping[str, Any], shots: int, fetch: Fetch) -> tuple[dict[int, int], ...]:
    """The outcomes of each circuit. Raises ValueError, KeyError or TypeError where a result says it in other words.

    Parts of the result of a program set may lie beside it, under paths relative to whatever names them.
    """
    if "programResults" not in result:
        return (_counted(result, str(result["additionalMetadata"]["action"]["source"]), shots),)
    found: list[dict[int, int]] = []
    for each in result["programResults"]:
        program, folder = _loaded(each, "", fetch)
        source, _ = _loaded(program["source"], folder, fetch)
        for executable in program["executableResults"]:
            outcome, _ = _loaded(executable, folder, fetch)
            found.append(_counted(outcome, str(source["source"]), shots // _executables(result, fetch)))
    return tuple(found)


def _executables(result: Mapping[str, Any], fetch: Fetch) -> int:
    return sum(len(_loaded(each, "", fetch)[0]["executableResults"]) for each in result["programResults"])


def _loaded(each: Any, folder: str, fetch: Fetch) -> tuple[Mapping[str, Any], str]:
    """A part that is there, or what its path names; and the folder that it lies in."""
    if not isinstance(each, str):
        return each, folder
    path = f"{folder}{each}"
    return json.loads(fetch(path)), path.rpartition("/")[0] + "/" if "/" in path else ""


def _counted(outcome: Mapping[str, Any], source: str, shots: int) -> dict[int, int]:
    """Some devices tell each run, others how often each outcome was seen, as a share."""
    columns = columns_of(source)
    if outcome.get("measurements"):
        return counted(outcome["measurements"], columns)
    shares: Mapping[str, float] = outcome["measurementProbabilities"]
    rows: list[list[int]] = []
    for word, share in shares.items():
        rows += [[int(bit) for bit in word]] * round(share * shots)
    return counted(rows, columns)
