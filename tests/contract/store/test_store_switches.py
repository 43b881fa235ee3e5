"""Kill switches: which backends nothing is sent to, and what is known of each switch afterwards."""

from __future__ import annotations

from typing import Any

from tests.contract.store.builders import an_id


async def thrown(store: Any, *backends: str) -> int:
    number: int = await store.throw_switch(
        "stop", "provider", "ibm", backends=backends, holds=[3], actor="ann", reason="it burns money"
    )
    return number


async def test_a_switch_stops_its_backends_until_it_is_lifted(store: Any) -> None:
    assert await store.killed("ibm_a") is None
    one, two = await thrown(store, "ibm_a", "ibm_b"), await thrown(store, "ibm_a")

    assert (await store.killed("ibm_a"), await store.killed("ibm_b"), await store.killed("aer")) == (one, one, None)
    assert (await store.lift_switch(one, actor="bob"), await store.lift_switch(one, actor="bob")) == (True, False)
    assert (await store.killed("ibm_a"), await store.killed("ibm_b")) == (two, None)


async def test_one_on_everything_stops_every_backend(store: Any) -> None:
    number = await thrown(store, "*")

    assert await store.killed("whatever") == number


async def test_it_stays_on_record_with_what_was_out(store: Any) -> None:
    number = await thrown(store, "ibm_a")
    await store.note_out(number, [an_id(1), an_id(2)])
    await store.lift_switch(number, actor="bob")

    (found,) = await store.switches()
    assert (found.number, found.mode, found.scope, found.value, found.backends) == (
        number,
        "stop",
        "provider",
        "ibm",
        ("ibm_a",),
    )
    assert (found.holds, found.lineages, found.actor, found.lifted_by) == ((3,), (an_id(1), an_id(2)), "ann", "bob")
    assert found.lifted_at is not None
    assert found.lifted_at >= found.thrown_at


async def test_one_that_names_no_backend_stops_the_legs_that_were_out(store: Any) -> None:
    """And one that names some stops no leg elsewhere: it may go to another backend."""
    everywhere, there = await thrown(store), await thrown(store, "ibm_a")
    await store.note_out(everywhere, [an_id(1)])
    await store.note_out(there, [an_id(2)])

    assert await store.killed("aer", an_id(1)) == everywhere
    assert (await store.killed("aer", an_id(2)), await store.killed("aer"), await store.killed("aer", None)) == (
        None, None, None,
    )  # fmt: skip
    assert await store.killed("ibm_a", an_id(2)) == there
