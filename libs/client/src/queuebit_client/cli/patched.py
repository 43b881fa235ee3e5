"""A question that was asked before, asked again with something changed in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queuebit_client.cli.files import BadFile, body_of, json_of, text_of, wished
from queuebit_client.cli.options import Submission
from queuebit_client.synchronous import Queuebit

LEFT_OUT = ("tenant", "deadline")
"""What is not asked again: the key says the one, and the other may be over."""


def patched_body(client: Queuebit, job_id: str, submission: Submission) -> dict[str, Any]:
    """The request of a job with the file as its merge patch (RFC 7396) and the flags laid over it. Raises BadFile."""
    patch = json_of(submission.file, text_of(submission.file))
    if patch is None:
        raise BadFile(
            f"{submission.file} is no JSON object.",
            remedy='With --from it is a merge patch of the request, such as {"problem": {"statement": {"capacity": 12}}}.',
        )
    first = next(client.watch(job_id, compact=False))
    asked = {name: value for name, value in first.data["request"].items() if name not in LEFT_OUT}
    return wished(merged(asked, patch), submission)


def asked_body(client: Queuebit, submission: Submission) -> dict[str, Any]:
    """What is to be asked: a file as it is, or a job once more with the file as its patch. Raises BadFile or BadFlag."""
    if submission.from_job is None:
        return body_of(submission)
    return patched_body(client, submission.from_job, submission)


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396: null takes a member out, objects are merged, all else is put in its place."""
    if not isinstance(patch, Mapping):
        return patch
    found = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found
