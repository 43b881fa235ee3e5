"""A new event is its model, its fold and its words, and one projection: nothing else has to know every event."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from queuebit_contracts import events as ev

ROOT = Path(__file__).parents[2]
EVENTS = {event.__name__ for event in ev.JobEvent.__args__}


def _named(pattern: ast.AST) -> Iterator[str]:
    for node in ast.walk(pattern):
        if isinstance(node, ast.MatchClass):
            yield node.cls.attr if isinstance(node.cls, ast.Attribute) else getattr(node.cls, "id", "")


def _exhaustive(match: ast.Match) -> bool:
    """Whether the match is over the events of a job and refuses to compile where one is missing."""
    cases = {name for case in match.cases for name in _named(case.pattern)}
    return cases <= EVENTS and "JobCompleted" in cases and "assert_never" in ast.dump(match.cases[-1])


def test_every_event_is_asked_for_in_three_places() -> None:
    places = {
        path.relative_to(ROOT).as_posix()
        for part in ("libs", "services")
        for path in (ROOT / part).glob("*/src/**/*.py")
        if any(isinstance(node, ast.Match) and _exhaustive(node) for node in ast.walk(ast.parse(path.read_text())))
    }

    assert places == {
        "libs/domain/src/queuebit_domain/job/evolve.py",
        "libs/domain/src/queuebit_domain/job/words.py",
        "services/gateway/src/queuebit_gateway/read_model/folding.py",
    }
