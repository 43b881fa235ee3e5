"""A copy by hand is the copy that pydantic makes."""

from __future__ import annotations

from queuebit_contracts.model import copy_with
from queuebit_contracts.origin import Origin


def test_a_copy_with_changes_is_what_pydantic_makes() -> None:
    given = Origin(event_id="e-1", source="/shop")

    made, pydantics = copy_with(given, source="/other"), given.model_copy(update={"source": "/other"})

    assert made == pydantics == Origin(event_id="e-1", source="/other")
    assert made.model_fields_set == pydantics.model_fields_set
    assert made.model_dump_json(exclude_unset=True) == '{"event_id":"e-1","source":"/other"}'
    assert made.model_copy(deep=True) == made


def test_a_copy_leaves_the_original_as_it_was() -> None:
    given = Origin(event_id="e-1")

    copy_with(given, event_id="e-2", labels={"a": "b"})

    assert given == Origin(event_id="e-1")
    assert given.model_fields_set == {"event_id"}
