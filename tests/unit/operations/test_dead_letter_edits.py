"""The corrected copy of a dead letter: its id, what it may say, and which letter it may stand for. Pure."""

from __future__ import annotations

from uuid import UUID

import pytest

from queuebit_contracts.channels import dead_letter
from queuebit_operations.dead_letters.editing import edited
from queuebit_operations.errors import BadArgument, InConflict
from queuebit_runtime.bus.dead_letters import headers as h
from tests.fakes.letter_topics import GROUP, Topic


def test_a_copy_has_an_id_of_its_own_that_an_edit_made_twice_has_too() -> None:
    topic = Topic()
    topic.fails(1)
    (kept,) = topic.box
    first, again = (edited(kept, topic.box, b"{}", ["ce_tenant=other"]) for _ in range(2))
    assert first == again
    assert (first.value, first.headers["ce_tenant"]) == (b"{}", b"other")
    assert first.headers["ce_id"] != str(UUID(int=1)).encode()
    others = [(b"[]", ["ce_tenant=other"]), (b"{}", ["ce_tenant=third"]), (b"{}", ["ce_tenant=other", "a=b"])]
    ids = {edited(kept, topic.box, *each).headers["ce_id"] for each in others}
    assert len(ids - {first.headers["ce_id"]}) == 3, (
        "another edit is another event, also where the first was marked late"
    )


@pytest.mark.parametrize("said", [["nonsense"], ["=x"], [f"{h.REPLAYS}=0"]])
def test_it_refuses_headers_that_are_none_or_ours(said: list[str]) -> None:
    topic = Topic()
    topic.fails(1)
    with pytest.raises(BadArgument):
        edited(topic.box[0], topic.box, None, said)


def test_it_edits_only_the_first_open_one_of_a_key() -> None:
    topic = Topic()
    first = topic.fails(1)
    topic.waits(2, first)
    with pytest.raises(InConflict, match="waiting"):
        edited(topic.box[1], topic.box, b"{}", [])
    topic.mark("dropped", first)
    with pytest.raises(InConflict, match="dropped"):
        edited(topic.box[0], topic.box, b"{}", [])
    with pytest.raises(BadArgument):
        edited(topic.box[1], topic.box, None, [])
    assert dead_letter(GROUP) == topic.box[0].letter.topic
