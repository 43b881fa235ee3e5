"""A job as a capsule: one file with everything that is known of it, whose checksums anybody can verify without us.

The format is that of marqov-capsule 0.2: `capsule.yaml`, `.checksums` and a payload. The manifest is JSON, which is YAML too.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from queuebit_contracts import events as ev
from queuebit_contracts.envelope import rfc3339
from queuebit_domain.job.codec import read_event
from queuebit_operations.evidence.kept import Kept
from queuebit_operations.scan.port import Stream
from queuebit_operations.transfer.file import Sums, first_line, last_line, stream_line

HISTORY = "history.jsonl"
EPSILON = 0.02
SHOTS_LEAST = 100
_NO_NAME = re.compile(r"[^a-z0-9.]+")


@dataclass(frozen=True, slots=True)
class Capsule:
    """What is in it. `id` is its content-addressed name: whoever has it can tell that nothing was changed."""

    id: str
    files: Mapping[str, bytes]


def capsule_of(
    stream: Stream, kept: Sequence[Kept], fetch: Callable[[str], bytes], sealed_at: datetime, sealed_by: str
) -> Capsule:
    """The history of a job as `queuebit ops import` opens it, and what is kept of its attempts. Raises what `fetch` raises."""
    sums, name = Sums(), f"job {stream.stream_id}"
    payload = {HISTORY: first_line(sealed_at, name) + stream_line(stream, sums) + last_line(sums)}
    events = [read_event(row) for row in stream.events]
    for each in kept:
        payload |= dict(_kept(each, fetch))
    payload |= {
        f"counts/{event.attempt_id}.json": _json({"counts": event.answer["counts"]})
        for event in events
        if isinstance(event, ev.ExecutionSucceeded) and isinstance(event.answer.get("counts"), dict)
    }
    checksums = b"".join(
        f"sha256:{hashlib.sha256(payload[path]).hexdigest()}  {path}\n".encode() for path in sorted(payload)
    )
    executions, qubits = [*_executions(events)], max((_qubits(event) for event in events), default=0)
    manifest = {
        "version": "1.0.0",
        "name": name,
        "lifecycle_state": "sealed",
        "sealed_at": rfc3339(sealed_at).decode(),
        "sealed_by": sealed_by,
        "requirements": {"paradigm": _paradigms(events), "max_qubit_count": qubits},
        "task_executions": executions,
        "checksums_digest": f"sha256:{hashlib.sha256(checksums).hexdigest()}",
        "extensions": {
            "io.queuebit": {
                "job_id": str(stream.stream_id),
                "events": len(events),
                "manifests": {str(each.attempt_id): each.reference.sha256 for each in kept},
            }
        },
    }
    text = _json(manifest)
    return Capsule(
        f"mqc:1:{hashlib.sha256(text).hexdigest()}", {"capsule.yaml": text, ".checksums": checksums, **payload}
    )


def packed(capsule: Capsule, folder: str) -> bytes:
    """As one file; the same capsule gives the same bytes."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        folders = {folder} | {
            f"{folder}/{path.rsplit('/', depth)[0]}"
            for path in capsule.files
            for depth in range(1, path.count("/") + 1)
        }
        members = {f"{folder}/{path}": data for path, data in capsule.files.items()}
        for name in sorted([*folders, *members], key=str.encode):
            entry = tarfile.TarInfo(name)
            data = members.get(name)
            if data is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
            else:
                entry.size, entry.mode = len(data), 0o644
                archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


def _kept(each: Kept, fetch: Callable[[str], bytes]) -> Iterator[tuple[str, bytes]]:
    """The list, and each artifact that is kept, in its order."""
    folder = f"attempts/{each.attempt_id}"
    yield f"{folder}/manifest.json", fetch(each.reference.sha256)
    for place, item in enumerate(each.manifest.items):
        if item.kept and item.sha256 is not None:
            yield f"{folder}/{place:04}-{_NO_NAME.sub('-', item.name.lower()).strip('-')[:80]}", fetch(item.sha256)


def _executions(events: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for event in events:
        match event:
            case ev.ExecutionSucceeded():
                sampled = event.usage.shots > 0
                yield {
                    "task_id": str(event.attempt_id),
                    "status": "success",
                    "result_type": "probabilistic" if sampled else "deterministic",
                    "backend": {
                        "provider": event.ran.backend_version.split(" ")[0] or event.lane,
                        "name": event.ran.backend,
                        "shots": max(1, event.usage.shots),
                    },
                    "start_time": rfc3339(event.started_at).decode(),
                    "end_time": rfc3339(event.finished_at).decode(),
                    **({"verification_settings": _SETTINGS} if sampled else {}),
                }
            case ev.ExecutionFailed():
                yield {
                    "task_id": str(event.attempt_id),
                    "status": "failed",
                    "result_type": "deterministic",
                    "backend": {"provider": event.leg, "name": event.backend or "none", "shots": 1},
                }
            case _:
                pass


_SETTINGS = {"epsilon": EPSILON, "min_shots": SHOTS_LEAST, "tolerance_regime": "strict"}


def _paradigms(events: Sequence[Any]) -> list[str]:
    lanes = {event.lane for event in events if isinstance(event, ev.ExecutionSucceeded)}
    return sorted({"gate-based" if lane in ("quantum", "simulator") else "classical" for lane in lanes}) or [
        "classical"
    ]


def _qubits(event: Any) -> int:
    size = event.size if isinstance(event, ev.JobQueued) else None
    return 0 if size is None else size.qubits


def _json(document: Mapping[str, Any]) -> bytes:
    """As RFC 8785 writes it: there is no number in it but whole ones and EPSILON."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
