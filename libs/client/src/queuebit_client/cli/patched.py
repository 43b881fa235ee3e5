"""A question that was asked before, asked again with something changed in it."""

from __future__ import annotations

from typing import Any

from queuebit_client.cli.files import BadFile, BadFlag, KindsMissing, body_of, json_of, text_of, wished
from queuebit_client.cli.options import Submission
from queuebit_client.synchronous import Queuebit
from queuebit_contracts.merging import merged
from queuebit_contracts.sealed import SEAL, SUBJECT_LABEL

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
    if SEAL in asked["problem"]["statement"]:
        raise BadFlag(
            f"The data of the job is sealed, for it is that of a subject ({SUBJECT_LABEL}).",
            remedy="Ask anew with the statement, where you may use it: what is sealed is not asked again from its record.",
        )
    return _kept(client, job_id, wished(merged(asked, patch), submission), submission)


def _kept(client: Queuebit, job_id: str, body: dict[str, Any], submission: Submission) -> dict[str, Any]:
    """The body, kept to the answer of the job where the flags say so. Raises BadFlag."""
    if not submission.pins and submission.change_cost is None:
        return body
    try:
        from queuebit_client.replanning import kept_to
        from queuebit_problems.errors import ProblemError
    except ImportError:
        raise KindsMissing("What keeps to an earlier answer is stated by the package of problem kinds.") from None

    job = client.get(job_id)
    if job.answer is None:
        raise BadFlag(
            f"The job is {job.state} and has no answer to keep to.", remedy="Name a job that was answered, or no pins."
        )
    try:
        return kept_to(body, job.answer, of_job=job_id, pins=submission.pins, change_cost=submission.change_cost)
    except ProblemError as error:
        raise BadFlag(error.detail, remedy=error.remedy) from None


def asked_body(client: Queuebit, submission: Submission) -> dict[str, Any]:
    """What is to be asked: a file as it is, or a job once more with the file as its patch. Raises BadFile or BadFlag."""
    if submission.from_job is None:
        if submission.pins or submission.change_cost is not None:
            raise BadFlag("--pin and --change-cost keep to an earlier answer.", remedy="Name its job: --from JOB.")
        if submission.supersede:
            raise BadFlag("--supersede names no job.", remedy="Name it with --from, or as `supersedes` in the request.")
        return body_of(submission)
    body = patched_body(client, submission.from_job, submission)
    return {**body, "supersedes": submission.from_job} if submission.supersede else body
