"""The schemas that were ever shipped of each message: kept beside the examples, only ever added to.

`schemas/shipped/NAME.vN.K.json` is the K-th form of version N of a message; `checksums.txt` lists them all. What a message
looks like now must go together with every one of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from queuebit_workbench.compatibility import faults

MESSAGES = ("events", "commands", "jobs")
CHECKSUMS = "checksums.txt"
_FILE = re.compile(r"(?P<name>\w+\.v\d+)\.(?P<nth>\d+)\.json")
_SAID_ONLY = frozenset({"title", "description", "examples", "x-sensitive"})


def messages(documents: Mapping[str, str]) -> dict[str, Any]:
    """Of all generated files the schemas of messages, by name and version."""
    return {
        path.split("/")[1].removesuffix(".json"): json.loads(text)
        for path, text in documents.items()
        if path.split("/")[0] in MESSAGES
    }


def shipped(folder: Path) -> dict[str, list[Any]]:
    """Every form of each message, the first first."""
    found: dict[str, dict[int, Any]] = {}
    for path in folder.glob("*.json"):
        match = _FILE.fullmatch(path.name)
        if match is not None:
            found.setdefault(match["name"], {})[int(match["nth"])] = json.loads(path.read_text())
    return {name: [forms[nth] for nth in sorted(forms)] for name, forms in sorted(found.items())}


def complaints(now: Mapping[str, Any], before: Mapping[str, list[Any]]) -> list[str]:
    """What of the messages as they are now does not go together with what was shipped."""
    gone = [f"{name}: was shipped, and is not known any more" for name in before if name not in now]
    return gone + [
        f"{name}: {each} (form {nth})"
        for name, schema in now.items()
        for nth, form in enumerate(before.get(name, ()), start=1)
        for each in faults(form, schema)
    ]


def unrecorded(now: Mapping[str, Any], before: Mapping[str, list[Any]]) -> list[str]:
    """The messages whose form of now is not kept yet."""
    return [name for name, schema in now.items() if not before.get(name) or _bare(before[name][-1]) != _bare(schema)]


def record(folder: Path, now: Mapping[str, Any]) -> None:
    """Keep the forms that are new."""
    before = shipped(folder)
    for name in unrecorded(now, before):
        path = folder / f"{name}.{len(before.get(name, ())) + 1}.json"
        text = json.dumps(now[name], indent=2, sort_keys=True) + "\n"
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        with (folder / CHECKSUMS).open("a") as listed:
            listed.write(f"{hashlib.sha256(text.encode()).hexdigest()}  {path.name}\n")


def _bare(schema: Any, *, fields: bool = False) -> Any:
    """Without the words for people. With `fields` it is the fields of a schema, which may have any name."""
    if isinstance(schema, dict):
        return {
            name: _bare(value, fields=name in ("properties", "$defs") and not fields)
            for name, value in schema.items()
            if fields or name not in _SAID_ONLY
        }
    return [_bare(each) for each in schema] if isinstance(schema, list) else schema
