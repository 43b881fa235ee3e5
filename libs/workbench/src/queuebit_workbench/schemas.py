"""Write `schemas/`: JSON Schemas of everything that is said, AsyncAPI 3.0 of the channels, OpenAPI of the gateway.

Refuses to where a message would not go together any more with what was shipped of it: that is a new version.

Usage: python -m queuebit_workbench.schemas FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from queuebit_contracts.commands import CommandModel
from queuebit_contracts.jobs import JobRequest
from queuebit_contracts.registry import PREFIX, REGISTRY
from queuebit_gateway.http.app import openapi_document
from queuebit_problems.registry import kind_of, kinds
from queuebit_workbench.asyncapi import asyncapi
from queuebit_workbench.shipped import complaints, messages, record, shipped

DRAFT = "https://json-schema.org/draft/2020-12/schema"
VERSION = "1.0.0"


def documents(examples: Path) -> dict[str, str]:
    """File name -> text of every generated file. `examples`: the folder of the recorded messages."""
    found: dict[str, Any] = {
        "jobs/JobRequest.v1.json": schema_of(JobRequest, "JobRequest"),
        "asyncapi.json": asyncapi(VERSION, recorded(examples)),
        "openapi.json": openapi(),
    }
    for name, (model, _) in REGISTRY.known.items():
        folder = "commands" if issubclass(model, CommandModel) else "events"
        found[f"{folder}/{name.removeprefix(PREFIX)}.json"] = schema_of(model, name)
    for kind_name in kinds():
        kind = kind_of(kind_name)
        if type(kind).__module__.startswith("queuebit_problems."):
            found[f"problems/{kind.name}.v{kind.version}.json"] = schema_of(kind.statement, kind.title)
    return {name: json.dumps(document, indent=2, sort_keys=True) + "\n" for name, document in sorted(found.items())}


def schema_of(model: type[BaseModel], title: str) -> dict[str, Any]:
    """The JSON Schema of a model, under its contract name."""
    return {"$schema": DRAFT, **model.model_json_schema(mode="validation"), "title": title}


def recorded(folder: Path) -> dict[str, Any]:
    """The recorded example of each type."""
    return {name: json.loads((folder / f"{name.removeprefix(PREFIX)}.json").read_text()) for name in REGISTRY.known}


def openapi() -> dict[str, Any]:
    """The gateway's own description of its HTTP API."""
    return openapi_document()


def main(arguments: list[str]) -> int:
    """Write every file, keep new forms of messages, remove generated files that are no longer made; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write(__doc__ or "")
        return 2
    folder = Path(arguments[0])
    wanted = documents(folder / "examples")
    said = messages(wanted)
    if wrong := complaints(said, shipped(folder / "shipped")):
        sys.stderr.write(
            "\n".join([*wrong, "Make it a new version of the message, with an upcast and an example.", ""])
        )
        return 1
    record(folder / "shipped", said)
    for part in ("events", "commands", "problems", "jobs"):
        for stale in (folder / part).glob("*.json"):
            if f"{part}/{stale.name}" not in wanted:
                stale.unlink()
    for name, text in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    sys.stdout.write(f"{len(wanted)} files in {folder}/\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
