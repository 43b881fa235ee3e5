"""Requests and results as JSON: what is written is read again as the same, and what is usual is written as it always was."""

from __future__ import annotations

import json

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Gate, Measure, Register
from queuebit_quantum_adapter.ports import Mitigation, Request, Result, Transpilation
from queuebit_quantum_adapter.submissions.codec import decode_request, decode_result, encode_request, encode_result

CIRCUIT = Circuit(2, (Register("c", 2),), (Gate("rx", (0,), (), (0,)), Measure(0, 0), Measure(1, 1)), 1)
PLAIN = Request((Bound(CIRCUIT, (0.5,)), Bound(CIRCUIT, (0.7,))), (1, 2), 100)
WORDS = {"version", "circuits", "runs", "seeds", "shots", "observable"}


@pytest.mark.parametrize(
    "request_",
    [
        PLAIN,
        Request(PLAIN.circuits, PLAIN.seeds, 100, memory=True),
        Request(PLAIN.circuits, PLAIN.seeds, 100, transpilation=Transpilation(level=0)),
        Request(PLAIN.circuits, PLAIN.seeds, 100, transpilation=Transpilation(layout=(4, 3))),
        Request(PLAIN.circuits, PLAIN.seeds, 100, mitigation=Mitigation(("dd",)), memory=True),
    ],
)
def test_a_request_is_read_as_it_was_written(request_: Request) -> None:
    assert decode_request(encode_request(request_)) == request_


def test_what_is_usual_is_not_written() -> None:
    assert json.loads(encode_request(PLAIN)).keys() == WORDS
    assert json.loads(encode_request(Request(PLAIN.circuits, PLAIN.seeds, 100, memory=True))).keys() == {
        *WORDS,
        "memory",
    }


def test_a_result_keeps_the_outcome_of_each_run_in_order() -> None:
    wide = 1 << 70 | 5
    found = Result(({0: 2, wide: 1}, {}), memory=((0, wide, 0), ()))

    assert decode_result(encode_result(found)) == found
    assert "memory" not in json.loads(encode_result(Result(({0: 1},))))
