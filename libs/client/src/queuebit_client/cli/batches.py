"""What `queuebit batch` does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from queuebit_client.batches import Fate
from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.files import BadFile, json_of, pairs, text_of
from queuebit_client.cli.output import exit_code_of, for_people, note, print_line, show_table
from queuebit_client.cli.session import Target
from queuebit_client.document import document_of
from queuebit_client.errors import WaitTimeout
from queuebit_client.synchronous import Queuebit


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the flags ask of every job; they win over what its line says."""

    lane: str | None
    tier: str | None
    labels: list[str]


def submit_lines(
    target: Target, file: str, wishes: Wishes, *, wait: bool, timeout_s: float | None, as_json: bool
) -> ExitCode:
    """Submit them; with `wait`, the outcomes."""
    bodies = list(_bodies(file, wishes))
    with target.client() as client:
        fates = list(client.submit_all(bodies))
        refused = sum(fate.error is not None for fate in fates)
        note(f"{len(fates) - refused} taken, {refused} refused.")
        if wait:
            return _outcomes(client, fates, timeout_s, as_json=as_json)
    for fate in fates if as_json or not for_people() else ():
        print_line(_one_line(_document(fate)))
    if for_people() and not as_json:
        rows = [[f.nth + 1, f.job.id if f.job else "", f.job.state if f.job else "refused", _why(f)] for f in fates]
        show_table("Batch", ["line", "job", "state", "why"], rows)
    return _code(refused, len(fates))


def _outcomes(client: Queuebit, fates: list[Fate], timeout_s: float | None, *, as_json: bool) -> ExitCode:
    """Wait for each in turn; they run beside each other meanwhile."""
    ends_at_s = None if timeout_s is None else time.monotonic() + timeout_s
    wrong = late = 0
    for fate in fates:
        if fate.job is None:
            print_line(_one_line(_document(fate)))
            wrong += 1
            continue
        try:
            left_s = None if ends_at_s is None else max(0.0, ends_at_s - time.monotonic())
            document = document_of(client.wait(fate.job.id, timeout_s=left_s))
        except WaitTimeout:
            late += 1
            continue
        wrong += exit_code_of(document) is not ExitCode.OK
        objective = document["objective"]
        text = f"{fate.nth + 1}\t{document['id']}\t{document['state']}\t{'' if objective is None else objective}"
        print_line(_one_line({"line": fate.nth + 1, **document}) if as_json or not for_people() else text)
    if late:
        note(f"{late} have not ended; they go on.")
        return ExitCode.WAIT_TIMEOUT
    return _code(wrong, len(fates))


def _code(wrong: int, count: int) -> ExitCode:
    if not wrong:
        return ExitCode.OK
    return ExitCode.JOB_NOT_ACCEPTED if wrong == count else ExitCode.PARTLY_FAILED


def _bodies(file: str, wishes: Wishes) -> Iterator[dict[str, Any]]:
    labels = pairs(wishes.labels, "--label")
    for number, line in enumerate(text_of(file).splitlines(), 1):
        if not line.strip():
            continue
        document = json_of(f"{file}, line {number}", line)
        if document is None:
            raise BadFile(f"{file}, line {number}: is no JSON object.", remedy="Write one problem or request a line.")
        body = document if "problem" in document else _request(document)
        asked = {"lane": wishes.lane, "tier": wishes.tier}
        body = {**body, **{name: value for name, value in asked.items() if value is not None}}
        yield {**body, "labels": {**body.get("labels", {}), **labels}} if labels else body


def _request(document: dict[str, Any]) -> dict[str, Any]:
    key = document.pop("idempotency_key", None)
    return {"problem": document} if key is None else {"problem": document, "idempotency_key": key}


def _document(fate: Fate) -> dict[str, Any]:
    """A fate as JSON."""
    error = fate.error
    return {
        "line": fate.nth + 1,
        "idempotency_key": fate.key,
        "id": str(fate.job.id) if fate.job else None,
        "state": fate.job.state if fate.job else "refused",
        "replayed": fate.replayed,
        "code": error.code if error else None,
        "detail": error.detail if error else None,
        "remedy": error.remedy if error else None,
        "errors": [{"pointer": each.pointer, "detail": each.detail} for each in error.fields] if error else [],
    }


def _why(fate: Fate) -> str:
    if fate.error is not None:
        return f"{fate.error.detail} {fate.error.remedy}"
    return "again" if fate.replayed else ""


def _one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
