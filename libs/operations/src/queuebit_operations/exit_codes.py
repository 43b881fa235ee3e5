"""What the exit code of an operator's verb means. The numbers are those of the whole command line."""

from __future__ import annotations

from queuebit_client.cli.exit_codes import ExitCode

FOUND = ExitCode.JOB_NOT_ACCEPTED
"""The verb did its work, and found something that is not as it should be."""

MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "done, and all is well",
    FOUND: "done, and something is not as it should be",
    ExitCode.USAGE: "the command, a file or a setting is not valid",
    ExitCode.NOT_FOUND: "there is no such job or thing",
    ExitCode.AUTH: "PostgreSQL or Kafka does not let us in, or not do this",
    ExitCode.CONFLICT: "what is there stands against it",
    ExitCode.PARTLY_FAILED: "some of many failed",
    ExitCode.UNAVAILABLE: "PostgreSQL or Kafka does not answer",
    ExitCode.INTERRUPTED: "interrupted; the same command goes on where that is said",
}
