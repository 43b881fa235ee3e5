"""What the verbs say where neither PostgreSQL nor Kafka answers: a sentence, a remedy and an exit code, and nothing else."""

from __future__ import annotations

import pytest

from queuebit_client.cli import main

JOB = "01a228f6-be19-88d0-baaf-451fa1ef91fe"
NEEDS_REASON = "Error: A reason is needed to act. (bad_argument)"
CASES = {
    "dlq list": (8, "Error: Kafka does not answer at 127.0.0.1:1."),
    "dlq list --group nobody": (3, "Error: No group nobody has dead letters. (not_found)"),
    "dlq show nonsense": (2, "Error: 'nonsense' is no id of a dead letter. (bad_argument)"),
    "dlq redrive --apply": (2, NEEDS_REASON),
    "dlq drop --apply": (2, NEEDS_REASON),
    "jobs recall --apply": (2, NEEDS_REASON),
    f"jobs rerun {JOB} --apply": (2, NEEDS_REASON),
    "archive create event_2026_10 --to months --apply": (2, NEEDS_REASON),
    "archive restore months/event_2026_10 --apply": (2, NEEDS_REASON),
    "projections rebuild nothing": (3, "Error: There is no projection 'nothing'. (not_found)"),
    "projections rebuild usage --apply": (2, NEEDS_REASON),
    "projections switch usage --apply": (2, NEEDS_REASON),
    "projections drop usage_v1 --apply": (2, NEEDS_REASON),
    "jobs cancel --tier fast": (2, "Error: --tier 'fast' is none of: interactive, batch, scheduled. (bad_argument)"),
    "jobs recall --tier fast": (2, "Error: --tier 'fast' is none of: interactive, batch, scheduled. (bad_argument)"),
    f"jobs invalidate {JOB} --lane classical": (2, "Error: --lane and --to-backend say how it is asked again."),
    f"replay inspect {JOB}": (8, "Error: PostgreSQL does not answer"),
    "replay shadow --service nobody": (3, "Error: No handler of 'nobody' is installed here. (not_found)"),
}


@pytest.fixture(autouse=True)
def nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUEBIT_POSTGRES", "postgresql://x@127.0.0.1:1/x")
    monkeypatch.setenv("QUEUEBIT_KAFKA", "127.0.0.1:1")


@pytest.mark.parametrize("words", CASES)
def test_a_verb_says_what_is_wrong_and_what_helps(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = CASES[words]

    ended = main.run(["ops", *words.split()])

    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (int(ended), out, len(lines)) == (code, "", 2), err
    assert lines[0].startswith(said)
    assert lines[1].startswith("Remedy: ")
