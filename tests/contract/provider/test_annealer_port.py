"""What every annealer promises, whoever it is: spins in, samples out. D-Wave's samplers here and Leap on loopback."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from uuid import UUID

import pytest

from queuebit_circuits.circuit import Bound, Circuit, Measure, Register
from queuebit_contracts.failures import FailureCode
from queuebit_quantum_adapter.errors import AdapterError, KeyReused, TooManyQubits, UnusableProblem
from queuebit_quantum_adapter.ports import Provider, Recovery, Request, RunState, Spins
from queuebit_quantum_adapter.providers.dwave.offer import SAMPLERS, VARIABLE, backends
from queuebit_quantum_adapter.submissions.local import run_to_end
from queuebit_quantum_adapter.submissions.running import open_provider
from queuebit_workbench.clouds.leap.cloud import Cloud
from queuebit_workbench.clouds.leap.execution import CLIQUE
from queuebit_workbench.clouds.leap.server import started
from tests.unit.quantum_adapter.models import an_ising

pytest.importorskip("dwave.samplers", reason="the extra `dwave` is not installed")

KEY, OTHER = UUID(int=7), UUID(int=8)
READS = 20


def a_model(n: int, seed: int) -> Spins:
    model = an_ising(n, seed)
    fields = tuple((i, float(value)) for i, value in model.h.items())
    return Spins(n, fields, tuple((i, k, float(value)) for (i, k), value in model.j.items()))


def energy(model: Spins, bits: int) -> float:
    spin = [-1 if bits >> k & 1 else 1 for k in range(model.count)]
    fields = sum(value * spin[i] for i, value in model.fields)
    return fields + sum(value * spin[i] * spin[k] for i, k, value in model.couplings)


def here(sampler: str) -> Provider:
    """With nothing submitted."""
    (spec,) = backends({VARIABLE: sampler})
    provider = open_provider(spec)
    provider._annealer._results.clear()  # type: ignore[attr-defined]
    return provider


@cache
def cloud() -> tuple[Cloud, Provider]:
    pytest.importorskip("dwave.cloud", reason="the extra `leap` is not installed")
    from queuebit_quantum_adapter.providers.leap.provider import open_provider as opened

    with pytest.MonkeyPatch.context() as patch:
        server = started()
        for name, value in server.env().items():
            patch.setenv(name, value)
        return server.cloud, opened(CLIQUE, 25, 1.0, 20.0)


def leap() -> Provider:
    """With nothing submitted."""
    known, provider = cloud()
    known.problems.clear()
    return provider


ADAPTERS: dict[str, Callable[[], Provider]] = {
    **{name: (lambda name=name: here(name)) for name in SAMPLERS},  # type: ignore[misc]
    "leap on loopback": leap,
}


@pytest.fixture(params=ADAPTERS)
def provider(request: pytest.FixtureRequest) -> Provider:
    return ADAPTERS[request.param]()


def asked(model: Spins, reads: int = READS, seed: int = 3) -> Request:
    return Request((), (seed,), reads, spins=model)


def sampled(provider: Provider, request: Request, key: UUID = KEY) -> dict[int, int]:
    provider.preflight(request)
    (counts,) = run_to_end(provider, request, key, lambda: None).counts
    return dict(counts)


def test_the_best_sample_has_the_least_energy_that_there_is(provider: Provider) -> None:
    """Fields, couplings and signs are those that were asked for, and bit k is spin k."""
    for number, model in enumerate(a_model(9, seed) for seed in range(3)):
        counts = sampled(provider, asked(model), UUID(int=100 + number))

        assert sum(counts.values()) == READS
        assert min(energy(model, bits) for bits in counts) == pytest.approx(
            min(energy(model, bits) for bits in range(2**model.count))
        )


@pytest.mark.parametrize(("spin", "field"), [(0, 2.5), (2, 2.5), (3, -2.5)])
def test_one_field_turns_its_own_spin_against_it(provider: Provider, spin: int, field: float) -> None:
    """A positive field has its spin at -1, which is bit 1; spins that are held up stay at bit 0."""
    others = tuple((k, -1.0) for k in range(4) if k != spin)

    counts = sampled(provider, asked(Spins(4, ((spin, field), *others), ())))

    assert max(counts, key=lambda bits: counts[bits]) == (1 << spin if field > 0 else 0)


def test_spins_without_a_field_or_a_coupling_are_read_too(provider: Provider) -> None:
    counts = sampled(provider, asked(Spins(3, ((1, 1.0),), ())))

    assert sum(number for bits, number in counts.items() if bits & 0b010) > READS / 2
    assert max(counts) < 8


def test_equal_seeds_give_equal_samples_where_that_is_promised(provider: Provider) -> None:
    request = asked(a_model(12, 5))

    first, again = (sampled(provider, request, UUID(int=number)) for number in (200, 201))

    assert first == again or not provider.capabilities().repeats


def test_what_was_submitted_is_found_by_its_key_and_a_repeat_is_what_the_provider_says(provider: Provider) -> None:
    assert provider.reconcile(KEY, None) == ()
    assert provider.fence(KEY) is None

    ids = [provider.submit(asked(a_model(4, 1)), KEY, None) for _ in range(2)]

    assert provider.reconcile(KEY, None) == tuple(dict.fromkeys(ids))
    assert provider.reconcile(OTHER, None) == ()
    if provider.capabilities().recovery is Recovery.NONE:
        assert len(set(ids)) == 1
        with pytest.raises(KeyReused):
            provider.submit(asked(a_model(4, 2)), KEY, None)
    else:
        assert len(set(ids)) == 2


def test_what_ended_stays_ended_and_an_id_that_is_not_known_has_no_state(provider: Provider) -> None:
    counts = sampled(provider, asked(a_model(5, 1)))
    (provider_id,) = provider.reconcile(KEY, None)

    provider.cancel(provider_id)
    provider.cancel("elsewhere")

    assert provider.poll(provider_id).state is RunState.SUCCEEDED
    assert dict(provider.result(provider_id).counts[0]) == counts
    assert provider.poll("elsewhere").state is RunState.UNKNOWN
    with pytest.raises(AdapterError):
        provider.result("elsewhere")


def test_what_it_cannot_take_is_refused_in_words_and_nothing_is_sent(provider: Provider) -> None:
    circuit = Bound(Circuit(1, (Register("c", 1),), (Measure(0, 0),)))
    told = provider.capabilities()

    for request, kind, said in (
        (Request((circuit,), (1,), 10), UnusableProblem, "no circuits"),
        (asked(Spins(told.qubits_max + 1, (), ())), TooManyQubits, f"{told.qubits_max + 1} spins"),
        (asked(Spins(1, (), ()), told.shots_max + 1), UnusableProblem, f"at most {told.shots_max} times"),
    ):
        with pytest.raises(kind, match=said) as refused:
            provider.preflight(request)
        assert refused.value.unsent
    assert provider.reconcile(KEY, None) == ()


def test_it_says_that_it_is_an_annealer_and_is_among_those_that_it_discovers(provider: Provider) -> None:
    told = provider.capabilities()

    assert (told.annealer, told.circuits_max, told.exact) == (True, 0, False)
    assert told in provider.discover()
    assert provider.preflight(asked(a_model(4, 1))).record["method"]


def test_they_differ_in_how_a_lost_answer_is_found_and_in_what_they_may_cost() -> None:
    told = {
        name: (make().capabilities().recovery, make().preflight(asked(a_model(4, 1))).cost_at_least)
        for name, make in ADAPTERS.items()
    }

    assert told == {**dict.fromkeys(SAMPLERS, (Recovery.NONE, False)), "leap on loopback": (Recovery.SEARCH, True)}
    assert TooManyQubits.code is FailureCode.PROBLEM_TOO_LARGE
