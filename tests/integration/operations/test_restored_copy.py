"""A database that came back from a copy of its files carries no mark: what Kafka was told last gives it away."""

from __future__ import annotations

import pytest

from queuebit_devstack.errors import RestoredCopy
from queuebit_workbench.restored import refuse_a_copy
from tests.fakes.histories import tell_jobs
from tests.integration.operations.conftest import Ops
from tests.integration.operations.corruptions import restored_to_before
from tests.integration.operations.world import World


async def test_services_are_not_started_on_a_copy_until_an_epoch_has_begun(
    ops: Ops, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a namespace by the environment, as services have it from there."""
    monkeypatch.setenv("QUEUEBIT_NAMESPACE", world.namespace)
    jobs = await tell_jobs(world.store, range(6))
    await world.relay()
    await refuse_a_copy(world.stack)
    for job_id in jobs:
        await restored_to_before(world, job_id)

    with pytest.raises(RestoredCopy, match="new-epoch") as refused:
        await refuse_a_copy(world.stack)
    began = await ops("new-epoch", "--apply", "--reason", "restored", "--json")
    await refuse_a_copy(world.stack)

    assert any(str(job_id) in refused.value.message for job_id in jobs)
    assert (began.code, began.document["epoch"]) == (0, 2)
