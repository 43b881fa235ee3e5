"""What comes back of a task, as counts. Imported in worker processes only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import SubmissionEnded
from queuebit_quantum_adapter.providers.braket.text import columns_of
from queuebit_quantum_adapter.providers.terminal import counted

Fetch = Callable[[str], bytes]
"""What lies under a path beside the result."""


def counts_of(result: Mapping[str, Any], shots: int, fetch: Fetch) -> tuple[dict[int, int], ...]:
    """The outcomes of each circuit. Raises ValueError, KeyError or TypeError where a result says it in other words,
    SubmissionEnded where it says that a part failed.

    Parts of the result of a program set may lie beside it, under paths relative to whatever names them.
    """
    if "programResults" not in result:
        return (_counted(result, str(result["additionalMetadata"]["action"]["source"]), shots),)
    found: list[tuple[Mapping[str, Any], str]] = []
    for each in result["programResults"]:
        program, folder = _loaded(each, "", fetch)
        source, _ = _loaded(program["source"], folder, fetch)
        for executable in program["executableResults"]:
            outcome, _ = _loaded(executable, folder, fetch)
            _look_for_failure(outcome)
            found.append((outcome, str(source["source"])))
    return tuple(_counted(outcome, source, shots // len(found)) for outcome, source in found)


def _look_for_failure(outcome: Mapping[str, Any]) -> None:
    """Raises SubmissionEnded where Braket says that this part of a set failed, whose outcomes never come."""
    told = outcome.get("failureMetadata")
    if told is None:
        return
    category = str(told.get("category"))
    unfit = category == "COMPILATION"
    raise SubmissionEnded(
        f"A circuit of the set failed: {category} {str(told.get('failureReason'))[:200]}",
        FailureCode.PROBLEM_UNSUPPORTED if unfit else FailureCode.BACKEND_UNAVAILABLE,
        action="retry" if told.get("retryable") is True else "fail_fast" if unfit else "reroute",
        reason=category,
    )


def _loaded(each: Any, folder: str, fetch: Fetch) -> tuple[Mapping[str, Any], str]:
    """A part that is there, or what its path names; and the folder that it lies in."""
    if not isinstance(each, str):
        return each, folder
    path = f"{folder}{each}"
    return json.loads(fetch(path)), path.rpartition("/")[0] + "/" if "/" in path else ""


def _counted(outcome: Mapping[str, Any], source: str, shots: int) -> dict[int, int]:
    """Some devices tell each run, others how often each outcome was seen, as a share."""
    columns = columns_of(source)
    rows: list[list[int]] = outcome.get("measurements") or []
    if not rows:
        shares: Mapping[str, float] = outcome["measurementProbabilities"]
        for word, share in shares.items():
            rows += [[int(bit) for bit in word]] * round(share * shots)
    width = len(set(columns.values()))
    if any(len(row) != width for row in rows):
        raise ValueError(f"The outcomes have other columns than the {width} that were asked for.")
    return counted(rows, columns)
