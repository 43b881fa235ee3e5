"""`make security`: what bandit finds is settled with a reason, and known weaknesses of what we install are asked for.

Exit 0: all is settled; 1: something is not. Where no database of weaknesses answers, that is said: not checked is not clean.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SETTLED = Path("infra/security/bandit.csv")
AUDIT_TIMEOUT_S = 120.0
UNREACHABLE = (
    "ConnectionError",
    "Max retries",
    "timed out",
    "NameResolutionError",
    "ConnectionRefused",
    "HTTPError",
    "ServiceError",
)


class Row(NamedTuple):
    """Findings of a test below a path that are no weakness, and why."""

    test: str
    path: str
    reason: str


def settled_in(text: str) -> tuple[Row, ...]:
    """The table. Raises ValueError for a row without a reason."""
    rows = tuple(Row(each["test"], each["path"], each["reason"].strip()) for each in csv.DictReader(text.splitlines()))
    for row in rows:
        if not row.reason:
            raise ValueError(f"{row.test} {row.path} has no reason: say why it is no weakness.")
    return rows


def unsettled(found: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """Findings that no row settles, and rows that settle nothing any more."""
    used: set[Row] = set()
    left = []
    for each in found:
        row = next((row for row in rows if row.test == each["test_id"] and each["filename"].startswith(row.path)), None)
        if row is None:
            left.append(f"{each['filename']}:{each['line_number']} {each['test_id']} {each['issue_text']}")
        else:
            used.add(row)
    return left, [f"{row.test} {row.path}" for row in rows if row not in used]


def audited(said: subprocess.CompletedProcess[str]) -> tuple[bool, str]:
    """Whether what is installed may stay, and what is to be said of it."""
    text = said.stdout + said.stderr
    missed = text.count("could not be audited")
    if said.returncode == 0 and missed:
        return (
            True,
            f"Dependencies: NOT CHECKED, {missed} of them are not known where was asked. That is not the same as clean.",
        )
    if said.returncode == 0:
        return True, "No known weakness in what is pinned."
    if any(word in text for word in UNREACHABLE):
        return True, "Dependencies: NOT CHECKED, no database of weaknesses answers. That is not the same as clean."
    return False, text


def main() -> int:
    """Run both, and tell."""
    sources = sorted(str(each) for folder in ("libs", "services") for each in Path(folder).glob("*/src"))
    scan = subprocess.run(
        [sys.executable, "-m", "bandit", "-q", "-r", *sources, "-f", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    left, idle = unsettled(json.loads(scan.stdout)["results"], settled_in(SETTLED.read_text()))
    try:
        audit = subprocess.run(
            [sys.executable, "-m", "pip_audit", "-r", "constraints.txt", "--no-deps", "--disable-pip", "--timeout", "10",
             "--progress-spinner", "off"],
            capture_output=True, text=True, check=False, timeout=AUDIT_TIMEOUT_S,
        )  # fmt: skip
        clean, words = audited(audit)
    except subprocess.TimeoutExpired:
        clean, words = True, "Dependencies: NOT CHECKED, the database of weaknesses does not answer in time."
    told = [*(f"not settled: {each}" for each in left), *(f"settles nothing: {each}" for each in idle), words]
    sys.stdout.write("".join(f"{line}\n" for line in told))
    return 1 if left or idle or not clean else 0


if __name__ == "__main__":
    sys.exit(main())
