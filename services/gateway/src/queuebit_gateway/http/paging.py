"""Lists by pages: where a page begins, and the cursor of the one after it, bound to who asks and to what was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request

from queuebit_gateway.access.authentication import Actor
from queuebit_gateway.http.parts import parts_of
from queuebit_gateway.read_model.cursors import PageCursors
from queuebit_store.ports import Place

Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")]


@dataclass(frozen=True, slots=True)
class Paging:
    """One list of one tenant. `bound`: the filters of the list; a cursor is of use with them alone."""

    cursors: PageCursors
    tenant: str
    bound: object

    @classmethod
    def of(cls, request: Request, actor: Actor, bound: object) -> Paging:
        return cls(parts_of(request).cursors, actor.tenant, bound)

    def before(self, cursor: str | None) -> Place | None:
        """After which place the page begins; None at the beginning. Raises Refusal: cursor_invalid or cursor_mismatch."""
        return None if cursor is None else self.cursors.read(cursor, self.tenant, self.bound)

    def after(self, last: Place | None) -> str | None:
        """The cursor of the page after that place; None where there is none."""
        return None if last is None else self.cursors.make(last, self.tenant, self.bound)
