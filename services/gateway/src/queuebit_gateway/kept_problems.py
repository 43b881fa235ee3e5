"""The codes about what is kept of jobs, and about what operators do to many."""

from __future__ import annotations

from queuebit_gateway.problem_type import ProblemType

KEPT_PROBLEMS: tuple[ProblemType, ...] = (
    ProblemType(
        "artifact_not_found",
        404,
        "No such artifact",
        "never",
        "GET /v1/jobs/{job_id}/artifacts lists what is kept of a job; what is older than its retention is gone.",
    ),
    ProblemType(
        "job_not_repeatable",
        409,
        "The question cannot be asked again from its record",
        "never",
        "Send the whole question with POST /v1/jobs, where you may use its data.",
    ),
    ProblemType(
        "outcomes_full",
        409,
        "No more outcomes are booked on the job",
        "never",
        "A job holds 1 000 reports: of many effects of one answer, report the sum.",
    ),
    ProblemType("operation_not_found", 404, "No such bulk operation", "never", "GET /v1/operations lists the latest."),
    ProblemType(
        "operation_conflict",
        409,
        "The operation does not stand so that this can be done",
        "after_change",
        "Read it again: one that ended is prepared anew, one that runs is cancelled first.",
    ),
    ProblemType(
        "operation_not_here",
        409,
        "Nothing of operators is done by this gateway",
        "never",
        "Do it by hand: queuebit ops jobs …, and queuebit ops operations resume|cancel OPERATION --reason 'why'; or ask a "
        "gateway with QUEUEBIT_OPERATIONS.",
    ),
    ProblemType(
        "too_many_targets",
        422,
        "A bulk operation over HTTP is about fewer jobs",
        "after_change",
        "Choose fewer by state, kind or time, or take `queuebit ops jobs`, which bounds none.",
    ),
    ProblemType(
        "artifact_damaged",
        500,
        "What is kept has another hash",
        "never",
        "Tell whoever runs Queuebit the job's id and the hash: it must be restored from a backup.",
    ),
)
