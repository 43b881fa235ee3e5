"""What `queuebit backends report` does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from queuebit_client.cli.backends import RECOVERY, UNKNOWN, span, told
from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.output import note, print_json, show_table
from queuebit_client.cli.report import ENDED_STATES, read_documents
from queuebit_client.cli.session import Target
from queuebit_client.document import document_of
from queuebit_client.honesty.backends import FEW, backends_report


def report(target: Target, kinds: Sequence[str], files: Sequence[str], limit: int, *, as_json: bool) -> ExitCode:
    """Print the report of the newest jobs, and of those that were saved."""
    saved = [document for file in files for document in read_documents(file)]
    filters = {"state": ENDED_STATES, **({"kind": list(kinds)} if kinds else {})}
    with target.client() as client:
        views = [each.model_dump(mode="json") for each in client.backends()]
        saved += [document_of(client.get(job.id)) for job in client.list(limit=limit, **filters)]
    wanted = [each for each in saved if not kinds or each.get("kind") in kinds]
    found = backends_report(wanted, views)
    if as_json:
        print_json({"jobs": len(wanted), "backends": found})
        return ExitCode.OK
    show_table("What they can", _CAN, map(_can, {line["backend"]: line for line in found}.values()))
    show_table(f"What they brought, in {len(wanted)} jobs", _DID, (_did(line) for line in found if line["kind"]))
    if any(line["few"] for line in found):
        note(f"* fewer than {FEW} attempts: little can be said.")
    return ExitCode.OK


_CAN = (
    "backend",
    "provider",
    "lane",
    "qubits",
    "shots",
    "samples are",
    "against errors",
    "lost answer?",
    "wait",
    "p90",
)
_DID = ("backend", "kind", "attempts", "accepted", "chosen", "placebo as good", "gap", "runs", "cost", "per accepted")


def _can(line: Mapping[str, Any]) -> list[str]:
    can, waits = line["capabilities"], line["waits"]
    errors = UNKNOWN if can["mitigations"] is None else ", ".join(can["mitigations"]) or "nothing"
    return [
        line["backend"], told(line["provider"]), told(line["lane"]), told(can["qubits_max"]), told(can["shots_max"]),
        told(can["noise"]), errors, RECOVERY.get(can["recovery"], UNKNOWN), span(waits["wait_s_median"]),
        span(waits["wait_s_p90"]),
    ]  # fmt: skip


def _did(line: Mapping[str, Any]) -> list[str]:
    few = "*" if line["few"] else ""
    return [
        line["backend"], line["kind"], f"{line['attempts']}{few}", _share(line["accepted"]), _share(line["chosen"]),
        _share(line["placebo_matched"]), _median(line["gap"], "{:.2%}"), _median(line["run_s"], "{:.3g} s"),
        _money(line["cost"]), UNKNOWN if line["cost_per_accepted"] is None else _money(line["cost_per_accepted"]),
    ]  # fmt: skip


def _share(found: Mapping[str, Any] | None) -> str:
    return "-" if found is None else f"{found['value']:.0%} ({found['low']:.0%} to {found['high']:.0%})"


def _median(found: Mapping[str, Any] | None, form: str) -> str:
    return "-" if found is None else form.format(found["median"])


def _money(found: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(f"{each['amount']} {each['currency']}" for each in found) or "0"
