"""What a statement may weigh: one bound that every door and the bus agree on, and that the large published instances keep."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_contracts.canonical import canonical_json
from queuebit_contracts.channels import RECORD_BYTES_MAX
from queuebit_contracts.jobs import BODY_BYTES_MAX, STATEMENT_BYTES_MAX, JobRequest, Problem
from queuebit_devstack.kafka_config import MESSAGE_BYTES_MAX
from queuebit_problems.encoding.qubo_rows import rows_of
from queuebit_problems.files import TEXT_LENGTH_MAX
from queuebit_runtime.bus.record_size import topic_bytes_max


def test_every_bound_holds_the_one_before() -> None:
    statement = {"text": "x" * (STATEMENT_BYTES_MAX - len('{"text":""}'))}
    wishes = {f"{'p' * 60}{k:02}": "é" * 1000 for k in range(50)}
    labels = {f"{k:063}": "é" * 255 for k in range(20)}
    request = JobRequest(tenant="a", problem=Problem(kind="qubo", statement=statement), params=wishes, labels=labels)

    assert len(canonical_json(statement)) == STATEMENT_BYTES_MAX
    assert len(canonical_json(request)) < BODY_BYTES_MAX < RECORD_BYTES_MAX - 200_000
    assert RECORD_BYTES_MAX <= MESSAGE_BYTES_MAX <= topic_bytes_max("jobs.submitted")
    assert TEXT_LENGTH_MAX > 2 * STATEMENT_BYTES_MAX


def pairs(nodes: int, keep: int) -> list[tuple[int, int]]:
    """About keep percent of all pairs, from 0."""
    return [(u, v) for u in range(nodes) for v in range(u + 1, nodes) if (u * 7919 + v * 104729) % 100 < keep]


PUBLISHED: dict[str, dict[str, Any]] = {
    "DSJC1000.5: 249,826 edges": {"edges": [(u + 1, v + 1) for u, v in pairs(1_000, 50)]},
    "gka1f: 500 variables, dense": {"terms": [(i, j, -75) for i, j in pairs(500, 100)]},
    "G63: 7,000 nodes, 41,459 edges": {"edges": [(6_000, 6_999, -1)] * 41_459},
    "si535: a matrix of 535 nodes": {"distances": [[300] * 535] * 535},
    "X-n1001": {"coordinates": [[1_000, 1_000]] * 1_001, "demands": [100] * 1_001},
    "assign800": {"costs": [[100] * 800] * 800},
    "tai100a": {"flows": [[99] * 100] * 100, "distances": [[99] * 100] * 100},
    "100 jobs of 20 operations": {"jobs": [[[19, 99]] * 20] * 100},
    "mknapcb9: 500 items, 30 capacities": {"weights": [[1_000] * 500] * 30},
    "knapsack of 100,000 items": {"profits": [99_999] * 100_000, "weights": [99_999] * 100_000},
    "C1000.9 as lists: 450,079 edges": {"neighbours": [[1_000] * 450] * 1_000},
    "bqp2500 as rows: 313,000 terms": {"rows": rows_of([(i, j, -100) for i, j in pairs(2_500, 10)])},
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_large_published_instances_fit(name: str) -> None:
    assert len(canonical_json(PUBLISHED[name])) < STATEMENT_BYTES_MAX
