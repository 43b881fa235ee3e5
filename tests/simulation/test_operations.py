"""What operators' tools say of histories under faults: nothing is wrong with them, and the same is decided again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from queuebit_contracts.streams import PUBLISHED
from queuebit_operations.replaying.answers import answered_again
from queuebit_operations.replaying.services import VALIDATION, installed_handlers
from queuebit_operations.replaying.shadow import shadow
from queuebit_operations.scan.port import Stream
from queuebit_operations.verification.streams import examine
from tests.fakes.histories import as_rows
from tests.simulation.history import History
from tests.simulation.plan import LARGE_EVERY
from tests.simulation.simulation import run_simulation


def streams_of(history: History) -> Iterator[Stream]:
    database = history.database
    for stream_id, events in database.events.items():
        if database.streams[stream_id].category not in PUBLISHED:
            continue
        rows = as_rows(events, database.streams[stream_id].category)
        yield Stream(stream_id, database.streams[stream_id], rows)


@pytest.mark.parametrize("seed", [LARGE_EVERY, 2 * LARGE_EVERY, 4 * LARGE_EVERY])
def test_nothing_is_found_and_nothing_is_decided_otherwise(seed: int) -> None:
    streams = list(streams_of(run_simulation(seed)))

    assert len(streams) > 10
    assert [found for stream in streams for found in examine(stream).findings] == []
    assert [found for stream in streams for found in shadow(stream).divergences] == []
    checked = [answered_again(stream, installed_handlers([VALIDATION])) for stream in streams]
    assert [found for each in checked for found in each.divergences] == []
    assert sum(each.handled[VALIDATION] for each in checked) > 0
    assert sum(shadow(stream).messages for stream in streams) > 2 * len(streams)
