"""What an exit code means: a contract with scripts."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """0 for success only; everything else says what kind of trouble it was."""

    OK = 0
    JOB_NOT_ACCEPTED = 1
    USAGE = 2
    NOT_FOUND = 3
    AUTH = 4
    WAIT_TIMEOUT = 5
    CONFLICT = 6
    PARTLY_FAILED = 7
    UNAVAILABLE = 8
    INTERRUPTED = 130


MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "done; for a waited job: its answer is accepted",
    ExitCode.JOB_NOT_ACCEPTED: "the job failed, was refused, cancelled, expired, or needs review; a checked answer is wrong",
    ExitCode.USAGE: "the command, the file or the request is not valid",
    ExitCode.NOT_FOUND: "there is no such job or kind",
    ExitCode.AUTH: "the API key is missing, wrong or not allowed to do this",
    ExitCode.WAIT_TIMEOUT: "the time to wait is over; the job goes on",
    ExitCode.CONFLICT: "the job has moved on, or the key stands for another request",
    ExitCode.PARTLY_FAILED: "some of a batch failed",
    ExitCode.UNAVAILABLE: "the server does not answer or cannot do it now",
    ExitCode.INTERRUPTED: "interrupted",
}
