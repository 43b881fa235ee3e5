"""A question that was asked before, asked again with something changed in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from queuebit_client.cli.files import BadFile, BadFlag, KindsMissing, body_of, json_of, text_of, wished
from queuebit_client.cli.options import Submission
from queuebit_client.errors import KeyReused
from queuebit_client.models import Job
from queuebit_client.synchronous import Queuebit
from queuebit_contracts.merging import merged
from queuebit_contracts.sealed import SEAL, SUBJECT_LABEL

Answer = dict[str, Any]
LEFT_OUT = ("tenant", "deadline")
"""What is not asked again: the key says the one, and the other may be over."""


def patched_body(client: Queuebit, job_id: str, submission: Submission, answer: Answer | None = None) -> dict[str, Any]:
    """The request of a job with the file as its merge patch (RFC 7396) and the flags laid over it. `answer`: the one to keep
    to, else that which the job has now. Raises BadFile.
    """
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
    if submission.change_cost is not None:
        asked = _without_costs(client, asked)
    return _kept(client, job_id, wished(merged(asked, patch), submission), submission, answer)


def _without_costs(client: Queuebit, asked: dict[str, Any]) -> dict[str, Any]:
    """The question as it was before changes from an earlier plan cost anything."""
    try:
        from queuebit_client.replanning import costs_from, without_costs
    except ImportError:
        return asked
    earlier = costs_from(asked.get("labels", {}))
    answer = None if earlier is None else client.get(earlier).answer
    return asked if answer is None else without_costs(asked, [answer])


def _keeps(submission: Submission) -> bool:
    return bool(submission.pins) or submission.change_cost is not None


def _kept(
    client: Queuebit, job_id: str, body: dict[str, Any], submission: Submission, answer: Answer | None
) -> dict[str, Any]:
    """The body, kept to the answer of the job where the flags say so. Raises BadFlag."""
    if not _keeps(submission):
        return body
    try:
        from queuebit_client.replanning import kept_to
        from queuebit_problems.errors import ProblemError
    except ImportError:
        raise KindsMissing("What keeps to an earlier answer is stated by the package of problem kinds.") from None

    if answer is None:
        job = client.get(job_id)
        answer = job.answer
        if answer is None:
            raise BadFlag(
                f"The job is {job.state} and has no answer to keep to.",
                remedy="Name a job that was answered, or no pins.",
            )
    try:
        return kept_to(body, answer, of_job=job_id, pins=submission.pins, change_cost=submission.change_cost)
    except ProblemError as error:
        raise BadFlag(error.detail, remedy=error.remedy) from None


def taken(client: Queuebit, submission: Submission, send: Callable[[dict[str, Any]], Job]) -> Job:
    """The job that the question became. One that is kept to an answer, asked again under its key, is the same also where the
    earlier job has a better answer since.
    """
    try:
        return send(asked_body(client, submission))
    except KeyReused as error:
        if submission.from_job is None or not _keeps(submission):
            raise
        reused = error
    for answer in _answers_before(client, submission.from_job):
        try:
            return send(asked_body(client, submission, answer))
        except KeyReused:
            continue
    raise reused


def _answers_before(client: Queuebit, job_id: str) -> Iterator[Answer]:
    """The answers that the job had, the latest first."""
    for event in reversed(client.events(job_id)):
        if event["type"].split(".")[-2] in ("JobCompleted", "JobImproved"):
            yield event["data"]["answer"]


def asked_body(client: Queuebit, submission: Submission, answer: Answer | None = None) -> dict[str, Any]:
    """What is to be asked: a file as it is, or a job once more with the file as its patch. `answer`: as for a patched body.
    Raises BadFile or BadFlag.
    """
    if submission.from_job is None:
        if submission.pins or submission.change_cost is not None:
            raise BadFlag("--pin and --change-cost keep to an earlier answer.", remedy="Name its job: --from JOB.")
        if submission.supersede:
            raise BadFlag("--supersede names no job.", remedy="Name it with --from, or as `supersedes` in the request.")
        return body_of(submission)
    body = patched_body(client, submission.from_job, submission, answer)
    return {**body, "supersedes": submission.from_job} if submission.supersede else body
