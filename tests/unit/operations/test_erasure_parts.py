"""Erasure without servers: what is looked for, and what counts as found."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from queuebit_operations.erasing.proof import Looked, Proof, held_in, in_clear, pattern_of, search_files
from queuebit_operations.erasing.witnesses import TEXT_LENGTH_MIN, WITNESSES_MAX, witnesses_of

JOB = UUID(int=7)
SEALED = {"$sealed": "v1.00000000-0000-0000-0000-000000000001.AAAA"}


def test_texts_and_pieces_of_long_lists_are_looked_for() -> None:
    found = witnesses_of([{"name": "Wilhelmine", "weights": [918273645, 5647382910, 1029384756, 5610293847], "n": 3}])
    assert "Wilhelmine" in found
    assert any("918273645" in each for each in found)
    assert "weights" not in " ".join(found)
    assert all(len(each) >= TEXT_LENGTH_MIN and '"' not in each for each in found)


def test_of_texts_with_lines_and_of_long_ones_each_piece_stands_in_the_json_and_is_found_over_borders(
    tmp_path: Path,
) -> None:
    program = "OPENQASM 3.0;\nqubit[2] patient;\n\th patient[0];\r\n" + "cx patient[0], patient[1]; " * 40
    found = witnesses_of([{"program": program, "name": "Jürgen Überwald\u007f aus Köln"}])
    written = orjson.dumps({"program": program, "name": "Jürgen Überwald"})

    assert "qubit[2] patient;" in found
    assert all(each.encode() in written for each in found if "Köln" not in each)
    longest = max(found, key=len)
    for at in range(0, len(longest), 50):
        (tmp_path / "a.log").write_bytes(b"x" * ((1 << 20) - at) + longest.encode())
        assert search_files("logs", tmp_path, [longest]).found == 1


def test_what_is_like_everything_else_is_not_looked_for() -> None:
    assert witnesses_of([{"kind": "maxcut", "edges": [[0, 1], [1, 2]]}, [0] * 400, "aaaaaaaaaaaa", 7, None]) == ()


def test_of_a_large_statement_some_pieces_are_enough_and_they_stand_in_it() -> None:
    statement = {"edges": [[n, n + 1, 918_273_645 + n] for n in range(5000)]}
    found = witnesses_of([statement])
    text = orjson.dumps(statement).decode()
    assert 8 <= len(found) <= 2 * WITNESSES_MAX
    assert all(each in text for each in found)


def test_signs_of_patterns_are_looked_for_as_they_are() -> None:
    wanted = pattern_of(["a.b*c", "(x)"])
    assert wanted.search(b"..a.b*c..")
    assert wanted.search(b"(x)")
    assert not wanted.search(b"aXbbc")
    assert not pattern_of([]).search(b"anything")


def test_an_event_that_holds_a_statement_or_an_answer_in_clear_is_found() -> None:
    events: list[tuple[UUID, int, str, dict[str, Any]]] = [
        (JOB, 1, "JobSubmitted", {"request": {"problem": {"kind": "k", "statement": SEALED}}}),
        (JOB, 2, "JobQueued", {"problem": {"statement": {"nodes": 3}}, "hint": SEALED}),
        (JOB, 3, "JobCompleted", {"answer": SEALED, "suggestions": [{"answer": {"side": [0]}}]}),
        (JOB, 4, "JobPlanned", {"legs": []}),
    ]
    assert in_clear(events) == [f"JobQueued {JOB} v2", f"JobCompleted {JOB} v3"]


def test_what_a_command_says_that_undoes_a_job_is_looked_for_as_well() -> None:
    command = {"name": "a", "on": ["cancelled"], "command": "com.acme.Undo"}
    events: list[tuple[UUID, int, str, dict[str, Any]]] = [
        (JOB, 1, "JobSubmitted", {"compensations": [{**command, "data": {"patient": "Wilhelmine"}}]}),
        (JOB, 2, "JobSubmitted", {"compensations": [{**command, "data": SEALED}, {**command, "data": {}}]}),
        (JOB, 3, "CompensationRequested", {**command, "data": {"patient": "Wilhelmine"}}),
    ]

    assert in_clear(events) == [f"JobSubmitted {JOB} v1", f"CompensationRequested {JOB} v3"]
    assert witnesses_of(held_in(events[0][3])) == ("Wilhelmine",)


def test_files_are_read_over_the_borders_of_their_pieces(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.log").write_bytes(b"x" * ((1 << 20) - 4) + b"Wilhelmine")
    (tmp_path / "b.log").write_bytes(b"nothing")
    assert search_files("logs", tmp_path, ["Wilhelmine"]) == Looked(f"logs {tmp_path}", 2, 1)


def test_a_proof_is_clean_where_nothing_is_found_anywhere() -> None:
    assert Proof([Looked("table event", 9, 0)]).clean
    assert not Proof([Looked("table event", 9, 0), Looked("topic a", 9, 1)]).clean
    assert not Proof([], in_clear=["JobQueued"]).clean
