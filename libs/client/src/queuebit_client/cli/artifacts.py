"""What `queuebit jobs artifacts` does."""

from __future__ import annotations

import sys
from pathlib import Path

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.files import BadFile
from queuebit_client.cli.output import note, print_json, show_table
from queuebit_client.cli.session import Target
from queuebit_client.errors import NotFound
from queuebit_client.reads import ARTIFACTS, Artifact, ArtifactList


def artifacts(target: Target, job_id: str, *, fetch: str | None, out: str | None, as_json: bool) -> ExitCode:
    """List them, or fetch the last one of a name. Raises NotFound, and BadFile where the place cannot be written."""
    with target.client() as client:
        found = client.read(ARTIFACTS, job_id=job_id)
        if fetch is None:
            return _listed(found, as_json=as_json)
        item = _named(found, fetch)
        assert item.sha256 is not None
        data = client.artifact(job_id, item.sha256)
    if out is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return ExitCode.OK
    try:
        Path(out).write_bytes(data)
    except OSError as error:
        raise BadFile(f"{out}: {error.strerror or error}.", remedy="Name a place that can be written.") from None
    note(f"{item.name}: {len(data)} bytes are written to {out}.")
    return ExitCode.OK


def _named(found: ArtifactList, name: str) -> Artifact:
    """The last one of that name or hash that is kept. Raises NotFound."""
    for attempt in reversed(found.data):
        for each in reversed(attempt.artifacts):
            if name in (each.name, each.sha256) and each.kept:
                return each
    raise NotFound(f"Nothing is kept as {name!r}.", remedy="See the list: queuebit jobs artifacts JOB")


def _listed(found: ArtifactList, *, as_json: bool) -> ExitCode:
    if as_json:
        print_json(found.model_dump(mode="json"))
        return ExitCode.OK
    rows = [
        [
            each.name,
            each.bytes,
            each.about.get("status", ""),
            each.sha256 if each.kept else "its hash alone",
            attempt.leg,
        ]
        for attempt in found.data
        for each in attempt.artifacts
    ]
    show_table("", ["name", "bytes", "said", "SHA-256", "leg"], rows)
    for attempt in found.data:
        if attempt.unread:
            note(f"{attempt.leg}: {attempt.unread}")
    if not found.data:
        note("Nothing is kept of it. Submit with --param artifacts=true to keep what a simulator did.")
    return ExitCode.OK
