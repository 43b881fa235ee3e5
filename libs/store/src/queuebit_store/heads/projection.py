"""What the heads of one category of streams are made of, declared by whoever knows its events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from queuebit_store.heads.port import Head
from queuebit_store.log.port import FoldedEvent


@dataclass(frozen=True, slots=True)
class HeadProjection:
    """The heads of a category, derivable from the events at any time.

    `attributes`: the names that each head has. `final`: the states after which nothing comes. `fold`: a stream's events in
    version order to its head.
    """

    category: str
    attributes: tuple[str, ...]
    final: frozenset[str]
    fold: Callable[[Sequence[FoldedEvent]], Head]
