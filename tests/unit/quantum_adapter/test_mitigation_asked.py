"""What jobs ask against errors: read from their parameters, refused by name where the backend does not do it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Gate
from queuebit_circuits.pauli import PauliSum
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.backends.registry import Backends
from queuebit_quantum_adapter.errors import InvalidParam, UnusableProblem
from queuebit_quantum_adapter.ports import NO_MITIGATION, Estimated, Mitigation, Request, Result
from queuebit_quantum_adapter.providers.aer.offer import aer
from queuebit_quantum_adapter.shell.executor import QuantumExecutor
from queuebit_quantum_adapter.shell.mitigation import check_mitigation, mitigation_of
from queuebit_quantum_adapter.submissions.codec import (
    decode_request,
    decode_result,
    encode_request,
    encode_result,
)
from queuebit_runtime.clock import SystemClock
from queuebit_runtime.processes.pool import InlinePool
from tests.unit.quantum_adapter.models import LIMITS, a_maxcut, an_order

ABLE = replace(aer(LIMITS), name="able", mitigations=("dd", "twirling", "trex", "zne"))


@pytest.mark.parametrize(
    ("params", "asked"),
    [
        ({}, NO_MITIGATION),
        ({"mitigation": "none"}, NO_MITIGATION),
        ({"mitigation": "trex, zne,trex"}, Mitigation(("trex", "zne"))),
        ({"mitigation": "dd", "dd_sequence": "XY4"}, Mitigation(("dd",), "XY4")),
        (
            {"mitigation": "zne", "zne_factors": "1,2,4.5", "zne_extrapolator": "linear"},
            Mitigation(("zne",), zne_factors=(1.0, 2.0, 4.5), zne_extrapolators=("linear",)),
        ),
    ],
)
def test_it_is_read_from_the_parameters(params: dict[str, Any], asked: Mitigation) -> None:
    assert mitigation_of(params) == asked


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"mitigation": "tres"}, "params.mitigation is 'tres'"),
        ({"mitigation": ""}, "params.mitigation is ''"),
        ({"mitigation": "none,dd"}, "none beside others"),
        ({"mitigation": "dd", "dd_sequence": "XY8"}, "params.dd_sequence is 'XY8'"),
        ({"mitigation": "dd", "zne_factors": "1,3,5"}, "params.zne_factors needs zne"),
        ({"dd_sequence": "XX"}, "params.dd_sequence needs dd"),
        ({"mitigation": "zne", "zne_factors": "5,3,1"}, "params.zne_factors is '5,3,1'"),
        ({"mitigation": "zne", "zne_factors": "0.5,1,2"}, "params.zne_factors is '0.5,1,2'"),
        ({"mitigation": "zne", "zne_factors": "1.5,3,5"}, "params.zne_factors is '1.5,3,5'"),
        ({"mitigation": "zne", "zne_factors": 3}, "params.zne_factors is '3'"),
        ({"mitigation": "zne", "zne_factors": "1,3"}, "params.zne_factors is '1,3'"),
        ({"mitigation": "zne", "zne_factors": "1,2,nan"}, "params.zne_factors is '1,2,nan'"),
        ({"mitigation": "zne", "zne_extrapolator": "double_exponential"}, "needs 5 factors"),
    ],
)
def test_what_is_no_such_wish_names_its_parameter(params: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidParam, match=said):
        mitigation_of(params)


@pytest.mark.parametrize(
    ("methods", "measures", "said", "remedy"),
    [
        (("trex", "pec"), True, "able does no pec", "Set params.mitigation to trex."),
        (("dd", "zne"), False, "zne corrects expectation values", "Set params.mitigation to dd."),
    ],
)
def test_a_backend_refuses_by_name_what_it_does_not_do(
    methods: tuple[str, ...], measures: bool, said: str, remedy: str
) -> None:
    with pytest.raises(UnusableProblem, match=said) as refused:
        check_mitigation(Mitigation(methods), ABLE, measures=measures)
    assert refused.value.remedy == remedy


def test_an_order_is_refused_before_anything_runs_and_one_that_asks_for_nothing_is_not() -> None:
    executor = QuantumExecutor(InlinePool(), Backends([aer(LIMITS)]), LIMITS, SystemClock(), worker="w")

    with pytest.raises(UnusableProblem, match="aer_simulator does no dd against errors; it can do: nothing"):
        executor.task_of(an_order(a_maxcut(4), params={"mitigation": "dd"}))

    assert executor.task_of(an_order(a_maxcut(4), params={"mitigation": "none"})).mitigation == NO_MITIGATION
    able = QuantumExecutor(InlinePool(), Backends([ABLE]), LIMITS, SystemClock(), worker="w")
    assert able.task_of(an_order(a_maxcut(4), params={"mitigation": "dd"})).mitigation == Mitigation(("dd",))
    assert UnusableProblem.code is FailureCode.PROBLEM_UNSUPPORTED


def test_the_ledger_keeps_it_and_writes_what_asks_for_nothing_as_before() -> None:
    plain = Request((Bound(Circuit(1, (), (Gate("x", (0,)),))),), (1,), 10, PauliSum(1, ((1.0, "Z"),)))
    asked = replace(plain, mitigation=Mitigation(("zne",), zne_factors=(1.0, 2.0)))
    result = Result((), (0.5,), estimated=(Estimated(0.1, 0.4, 0.05),))

    assert decode_request(encode_request(asked)) == asked
    assert b"mitigation" not in encode_request(plain)
    assert decode_result(encode_result(result)) == result
    assert b"estimated" not in encode_result(Result(({0: 1},)))
