"""`queuebit ops kill`, `unkill` and `kill-report` on a real PostgreSQL, without Kafka."""

from __future__ import annotations

from tests.integration.operations.conftest import Ops


async def test_a_switch_is_thrown_reported_and_lifted_with_kafka_down(ops: Ops) -> None:
    gone = {"QUEUEBIT_KAFKA": "127.0.0.1:1"}
    thrown = await ops("kill", "--backend", "ibm_a", "--mode", "cancel", "--reason", "it burns", "--json", **gone)
    number = thrown.document["number"]
    report = await ops("kill-report", str(number), "--json", **gone)
    listed = await ops("kill-report", "--json", **gone)
    lifted = await ops("unkill", str(number), "--reason", "fine", **gone)

    assert (thrown.code, thrown.document["backends"]) == (0, ["ibm_a"])
    assert (report.code, report.document["alive"], report.document["reserved"]) == (0, [], {})
    assert next(each["switch"] for each in listed.document["switches"]) == number
    assert (lifted.code, lifted.out) == (0, f"Kill switch {number} is lifted.\n")
    assert (
        await ops("unkill", str(number), "--reason", "fine", **gone)
    ).out == f"Kill switch {number} was lifted before.\n"
    assert (await ops("kill", "--reason", "r", **gone)).code == 2
    assert (await ops("kill-report", "99", **gone)).code == 3
