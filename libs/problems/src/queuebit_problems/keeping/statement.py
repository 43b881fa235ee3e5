"""What a statement says of an earlier plan that the new one is kept to."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from queuebit_contracts.model import StrictModel
from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.kind import Statement
from queuebit_problems.numeric import Index, NonNegative

PARTS_MAX = 10_000

Choice = tuple[int, ...]
"""A part of a plan as whole numbers: what it is about, and last what was chosen."""


def _in_order(parts: tuple[Choice, ...]) -> tuple[Choice, ...]:
    return tuple(sorted(set(parts)))


Choices = Annotated[
    tuple[Annotated[tuple[Index, ...], Field(min_length=2, max_length=3)], ...], AfterValidator(_in_order)
]


class Keep(StrictModel):
    """An earlier plan: what must stay of it, and what each part costs that a new plan has beside it."""

    before: Annotated[
        Choices, Field(max_length=PARTS_MAX, description="The parts of the earlier plan, whole numbers each.")
    ] = ()
    pinned: Annotated[
        Choices, Field(max_length=PARTS_MAX, description="The parts that every feasible answer must have.")
    ] = ()
    change_cost: Annotated[
        NonNegative, Field(description="By how much the objective is worse for each part that `before` has not.")
    ] = 0

    @cached_property
    def known(self) -> frozenset[Choice]:
        return frozenset(self.before)


class KeepingStatement(Statement):
    """A statement that may be kept to an earlier plan. One that is not looks as if there were no such thing."""

    keep: Annotated[
        Keep | None,
        Field(
            exclude_if=lambda keep: keep is None,
            description="An earlier plan to keep to. `queuebit submit --from JOB --pin … --change-cost …` states it.",
        ),
    ] = None

    @property
    def plain(self) -> bool:
        """Whether what knows the kind by its name knows all that is asked."""
        return self.keep is None

    @abstractmethod
    def part_fault(self, part: Choice) -> str | None:
        """What is wrong with a part of a plan; None where an answer might have it."""

    def keep_fault(self) -> str | None:
        """Why no plan of this statement is kept, whatever its parts; None where plans may be."""
        return None

    @model_validator(mode="after")
    def _known_parts(self) -> Self:
        if self.keep is not None:
            raise_faults("keep", self._keep_faults(self.keep))
        return self

    def _keep_faults(self, keep: Keep) -> Iterator[tuple[Place, str, str]]:
        if (fault := self.keep_fault()) is not None:
            yield ("keep",), "too_large", fault
            return
        for name, parts in (("before", keep.before), ("pinned", keep.pinned)):
            for place, part in enumerate(parts):
                fault = self.part_fault(part)
                if fault is not None:
                    yield ("keep", name, place), "part", fault


def within(part: Choice, words: str, *ranges: range) -> str | None:
    """What is wrong with a part whose numbers should lie in these ranges, one each."""
    if len(part) == len(ranges) and all(map(range.__contains__, ranges, part)):
        return None
    return f"should be [{words}], {' and '.join(f'from {each[0]} to {each[-1]}' for each in ranges)}"
