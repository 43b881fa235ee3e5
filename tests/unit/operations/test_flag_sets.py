"""Sets of flags: on the command line they are flags like all others, and the verb gets them whole."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from queuebit_operations.verbs.flag_sets import with_flags


@dataclass(frozen=True, slots=True)
class Place:
    city: Annotated[str | None, typer.Option("--city", help="Where.")] = None
    floor_: Annotated[int, typer.Option("--floor", help="How high.")] = 0


@dataclass(frozen=True, slots=True)
class Door(Place):
    number: Annotated[int | None, typer.Option("--number", help="Which.")] = None


told: list[object] = []


@with_flags
def ring(name: str, *, door: Door, loud: bool = False) -> int:
    """Ring at a door."""
    told.append((name, door, loud))
    return 0


def test_a_verb_has_the_flags_of_its_set_in_their_place() -> None:
    assert list(inspect.signature(ring).parameters) == ["name", "city", "floor_", "number", "loud"]
    assert ring.__doc__ == "Ring at a door."

    told.clear()
    ring("ada", city="Basel", number=3)

    assert told == [("ada", Door("Basel", 0, 3), False)]


def test_the_command_line_knows_them_and_refuses_others() -> None:
    app = typer.Typer()
    app.command()(ring)
    told.clear()

    good = CliRunner().invoke(app, ["ada", "--floor", "2", "--loud"])
    bad = CliRunner().invoke(app, ["ada", "--door", "2"])
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"})

    assert (good.exit_code, told) == (0, [("ada", Door(None, 2, None), True)])
    assert bad.exit_code == 2
    assert all(each in shown.output for each in ("Ring at a door.", "--city", "How high.", "Which."))
