"""Jobs that are not to begin before a moment: which moments are taken, and what is said of others."""

from __future__ import annotations

from typing import Any

import pytest

from queuebit_problems.admission import admit
from queuebit_problems.errors import InvalidStatement
from tests.builders import a_request

DEADLINE = "2026-12-02T06:00:00+00:00"


@pytest.mark.parametrize("moment", ["2026-12-01T22:00:00+01:00", "2026-12-01T21:00:00Z", "2020-01-01T00:00:00Z"])
def test_a_moment_with_its_offset_is_taken_also_one_that_is_over(moment: str) -> None:
    assert admit(a_request(params={"not_before": moment})).request.params == {"not_before": moment}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"not_before": "tonight"}, "no_moment"),
        ({"not_before": "2026-12-01T22:00:00"}, "no_moment"),
        ({"not_before": 1_796_000_000}, "no_moment"),
        ({"not_before": "9999-12-31T23:59:59Z"}, "no_moment"),
        ({"not_before": "0001-01-01T00:00:00+14:00"}, "no_moment"),
        ({"not_before": DEADLINE}, "after_deadline"),
        ({"not_before": "2026-12-01T21:00:00Z", "queue": "never"}, "contradiction"),
    ],
    ids=["no moment", "no offset", "a number", "no time", "before all time", "at the deadline", "no waiting"],
)
def test_what_cannot_be_meant_is_refused_with_the_field_and_what_to_write(params: dict[str, Any], code: str) -> None:
    with pytest.raises(InvalidStatement) as refused:
        admit(a_request(params=params, deadline=DEADLINE))

    (field,) = refused.value.fields
    assert (field.pointer, field.code) == ("/params/not_before", code)
    assert refused.value.remedy
