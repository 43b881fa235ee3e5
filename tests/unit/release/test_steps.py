"""What a tenant is told of a queue: steps, so that others' work on it does not show."""

from __future__ import annotations

import pytest

from queuebit_domain.release.steps import in_steps_s


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, 1.0),
        (0.3, 1.0),
        (1.0, 1.0),
        (1.01, 2.0),
        (2.0, 2.0),
        (3.0, 5.0),
        (5.01, 10.0),
        (99.9, 100.0),
        (101.0, 200.0),
    ],
)
def test_it_is_told_in_steps_and_never_less(seconds: float, told: float) -> None:
    assert in_steps_s(seconds) == told
