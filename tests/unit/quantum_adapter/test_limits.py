"""What fits and what is refused, with the number and the remedy."""

from __future__ import annotations

import pytest

from queuebit_contracts.failures import FailureCode
from queuebit_contracts.jobs import Tier
from queuebit_quantum_adapter.backends.limits import (
    Limits,
    affordable_layers,
    check_circuit_size,
    check_size,
    estimated_s,
    statevector_bytes,
)
from queuebit_quantum_adapter.errors import BudgetTooSmall, InvalidParam, TooManyQubits, TooMuchMemory
from queuebit_quantum_adapter.shell.task import Recipe
from tests.unit.quantum_adapter.models import LIMITS


@pytest.mark.parametrize(("tier", "most"), [("interactive", 20), ("batch", 24), ("scheduled", 26)])
def test_each_tier_has_its_number_of_qubits(tier: Tier, most: int) -> None:
    check_size(LIMITS, tier, most)

    with pytest.raises(TooManyQubits, match=f"needs {most + 1} qubits; the simulator takes at most {most}"):
        check_size(LIMITS, tier, most + 1)


def test_the_remedy_names_a_tier_that_would_take_it_where_there_is_one() -> None:
    with pytest.raises(TooManyQubits) as larger_tier:
        check_size(LIMITS, "interactive", 22)
    with pytest.raises(TooManyQubits) as none:
        check_size(LIMITS, "interactive", 27)

    assert larger_tier.value.remedy == "Use the batch tier (up to 24 qubits) or the classical lane."
    assert none.value.remedy == "Use the classical lane, or state a smaller problem."


def test_of_a_circuit_a_larger_tier_is_named_and_no_lane_that_would_refuse_it_too() -> None:
    check_circuit_size(LIMITS, "batch", 24)
    with pytest.raises(
        TooManyQubits, match=r"has 24 qubits; .* at most 20 in the interactive tier\. Use --tier batch"
    ) as one:
        check_circuit_size(LIMITS, "interactive", 24)
    with pytest.raises(TooManyQubits, match=r"at most 24 in the batch tier\. State") as none:
        check_circuit_size(LIMITS, "batch", 30)

    assert one.value.remedy == "Use --tier batch (field tier: batch), which takes up to 24."
    assert none.value.remedy == "State a circuit of at most 26 qubits."


def test_memory_is_refused_before_it_is_used() -> None:
    limits = Limits({"interactive": 26, "batch": 26, "scheduled": 26}, memory_bytes_max=2**30)

    assert statevector_bytes(25) == 2**30
    check_size(limits, "batch", 25)
    with pytest.raises(TooMuchMemory, match="26 qubits need 2048 MiB; the simulator may use 1024 MiB"):
        check_size(limits, "batch", 26)


def test_the_deepest_circuit_that_fits_is_taken() -> None:
    wide = affordable_layers(LIMITS, 60.0, 16, 10, 60)
    budget_s = estimated_s(LIMITS, 16, 4, 60) / LIMITS.circuit_share
    narrow = affordable_layers(LIMITS, budget_s * 1.001, 16, 10, 60)

    assert (wide, narrow) == (10, 4)
    with pytest.raises(BudgetTooSmall):
        affordable_layers(LIMITS, 0.001, 16, 10, 60)


def test_a_job_without_parameters_gets_the_defaults_and_others_parameters_are_left_alone() -> None:
    assert Recipe.of({"min_return": 0.1}) == Recipe()
    assert Recipe.of(
        {"layers": 3, "shots": 50, "polish": False, "placebo": False, "mixer": "x", "rounds": 0}
    ) == Recipe(layers=3, shots=50, polish=False, placebo=False, mixer="x", rounds=0)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"layers": 0}, "params.layers is '0'"),
        ({"layers": True}, "params.layers is 'True'"),
        ({"layers": 2.0}, "params.layers is '2.0'"),
        ({"shots": 10**9}, "params.shots is '1000000000'"),
        ({"polish": "yes"}, "params.polish is 'yes'"),
        ({"method": "magic"}, "params.method is 'magic'"),
        ({"method": 1}, "params.method is '1'"),
        ({"mixer": True}, "params.mixer is 'True'"),
        ({"mixr": "x"}, "params.mixr is not known"),
        ({"layer": 3}, "params.layer is not known"),
        ({"cvar": 0}, "params.cvar is '0'"),
        ({"rounds": -1}, "params.rounds is '-1'"),
        ({"method": "rqaoa", "mixer": "xy"}, "params.method rqaoa does not go with params.mixer xy"),
    ],
)
def test_a_wrong_parameter_is_named(params: dict[str, bool | int | float | str], said: str) -> None:
    with pytest.raises(InvalidParam, match=said) as refused:
        Recipe.of(params)

    assert refused.value.code is FailureCode.PROBLEM_INVALID
    assert refused.value.remedy.startswith("Use ")
