"""Write `schemas/`: JSON Schemas of everything that is said, AsyncAPI 3.0 of the channels, OpenAPI of the gateway.

Usage: python -m queuebit_devstack.schemas FOLDER
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from queuebit_contracts import commands
from queuebit_contracts.channels import CHANNELS, Channel
from queuebit_contracts.envelope import MODEL_OF, TYPE_OF
from queuebit_contracts.jobs import JobRequest
from queuebit_gateway.app import openapi_document
from queuebit_problems.registry import kind_of, kinds

DRAFT = "https://json-schema.org/draft/2020-12/schema"
VERSION = "1.0.0"


def documents() -> dict[str, str]:
    """File name -> text of every generated file."""
    found: dict[str, Any] = {
        "jobs/JobRequest.v1.json": schema_of(JobRequest, "JobRequest"),
        "asyncapi.json": asyncapi(),
        "openapi.json": openapi(),
    }
    for name, model in MODEL_OF.items():
        folder = "commands" if model is commands.CancelJob else "events"
        found[f"{folder}/{name.removeprefix('io.queuebit.')}.json"] = schema_of(model, name)
    for kind_name in kinds():
        kind = kind_of(kind_name)
        if type(kind).__module__.startswith("queuebit_problems."):
            found[f"problems/{kind.name}.v{kind.version}.json"] = schema_of(kind.statement, kind.title)
    return {name: json.dumps(document, indent=2, sort_keys=True) + "\n" for name, document in sorted(found.items())}


def schema_of(model: type[BaseModel], title: str) -> dict[str, Any]:
    """The JSON Schema of a model, under its contract name."""
    return {"$schema": DRAFT, **model.model_json_schema(mode="validation"), "title": title}


def asyncapi() -> dict[str, Any]:
    """The channel table as AsyncAPI 3.0: what each service sends and receives."""
    operations: dict[str, Any] = {}
    for channel in CHANNELS:
        for action, services in (("send", channel.writers), ("receive", channel.readers)):
            for service in services:
                operations[f"{service}.{action}.{channel.topic}"] = {
                    "action": action,
                    "channel": {"$ref": f"#/channels/{channel.topic}"},
                    "tags": [{"name": service}],
                }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Queuebit",
            "version": VERSION,
            "description": "CloudEvents 1.0 over Kafka in binary mode; the record key is the job id.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {channel.topic: _channel(channel) for channel in CHANNELS},
        "operations": operations,
        "components": {
            "messages": {name: _message(name) for name in sorted(MODEL_OF)},
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
        },
    }


def _channel(channel: Channel) -> dict[str, Any]:
    names = sorted(TYPE_OF[message] for message in channel.messages)
    return {
        "address": channel.topic,
        "description": channel.meaning,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": channel.topic,
                "partitions": channel.partitions,
                "topicConfiguration": {
                    "cleanup.policy": ["compact"] if channel.compacted else ["delete"],
                    "retention.ms": channel.retention_ms,
                },
            }
        },
    }


def _message(name: str) -> dict[str, Any]:
    folder = "commands" if MODEL_OF[name] is commands.CancelJob else "events"
    return {
        "name": name,
        "summary": _first_line(MODEL_OF[name]),
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"schemaFormat": "application/schema+json;version=draft-07", "schema": _file(folder, name)},
    }


def _file(folder: str, name: str) -> dict[str, str]:
    return {"$ref": f"./{folder}/{name.removeprefix('io.queuebit.')}.json"}


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n")[0]


def _headers() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": ["ce_specversion", "content-type", "ce_id", "ce_source", "ce_type", "ce_time"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "content-type": {"const": "application/json"},
            "ce_id": {**text, "description": "Unique with ce_source; a repeat is recognised by it."},
            "ce_source": text,
            "ce_type": {"enum": sorted(MODEL_OF)},
            "ce_subject": {**text, "description": "The job id; the backend's name in backend reports."},
            "ce_time": {"type": "string", "format": "date-time"},
            "ce_tenant": text,
            "ce_streamversion": {**text, "pattern": "^[0-9]+$"},
            "traceparent": text,
            "ce_replayid": {**text, "description": "Only on replays: live consumers ignore such records."},
        },
    }


def openapi() -> dict[str, Any]:
    """The gateway's own description of its HTTP API."""
    return openapi_document()


def main(arguments: list[str]) -> int:
    """Write every file, remove generated files that are no longer made; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write(__doc__ or "")
        return 2
    folder = Path(arguments[0])
    wanted = documents()
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
