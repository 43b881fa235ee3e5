"""Published solutions that divide things: nodes and numbers on two sides, items in bins, rows and jobs to whom they are given,
shares of money."""

from __future__ import annotations

import re
from collections.abc import Sequence

from queuebit_contracts.jobs import Number
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.formats.text import count_of, parse_number
from queuebit_problems.kind import Solution

_SIDES = ({"0", "1"}, {"1", "-1"}, {"1", "2"}, {"+1", "-1"})
_BIN = re.compile(r"\s*+bin\s*+#?\s*+[0-9]++\s*+[:=]\s*+(.*)", re.IGNORECASE)


def read_sides(text: str, count: int, file_name: str) -> Solution:
    """The side of each of `count` things as 0 and 1, 1 and -1, or 1 and 2; or a line `number side` for each, from 0 or from 1.

    Before the sides, on a line of its own, what they are worth may stand, as QED-C writes it. Raises UnreadableFile.
    """
    remedy = f"State {count} sides, each 0 or 1 (or 1 and -1, or 1 and 2), in order; or a line `number side` for each."
    claimed, lines = _claim(_lines(text), (1, count, 2 * count), count)
    tokens = [token for line in lines for token in line]
    if len(tokens) == 1 and len(tokens[0]) == count:
        tokens = list(tokens[0])
    if len(tokens) == 2 * count and all(len(line) == 2 for line in lines):
        places = _from_least([line[0] for line in lines], count)
        if places is None:
            raise _refused(file_name, f"the lines do not name each of the {count} once, from 0 or from 1", remedy)
        tokens = [side for _, side in sorted(zip(places, (line[1] for line in lines), strict=True))]
    if len(tokens) != count:
        raise _refused(file_name, f"{count} sides should stand there, not {len(tokens)}", remedy)
    words = set(tokens)
    if not any(words <= pair for pair in _SIDES):
        raise _refused(file_name, f"the sides should be named in one of these ways, not {_shown(words)}", remedy)
    second = max(words)
    return Solution({"side": [int(token == second and len(words) > 1) for token in tokens]}, claimed)


def read_bins(text: str, items: int, file_name: str) -> Solution:
    """The bin of each item in order, by any whole number; or a line of items for each bin, each item once, from 0 or from 1,
    perhaps after `Bin 3:`. Raises UnreadableFile, also where both could be meant.
    """
    remedy = "State the bin of each item in order, or for each bin a line `Bin 1:` with its items, from 1."
    named = [match[1].split() for match in map(_BIN.fullmatch, text.splitlines()) if match is not None]
    lines = named or _lines(text)
    tokens = [token for line in lines for token in line]
    if len(tokens) != items:
        raise _refused(file_name, f"each of the {items} items should stand once, not {len(tokens)} numbers", remedy)
    places = _from_least(tokens, items)
    if places is not None and (named or max(map(len, lines)) > 1):
        if not named and len(lines) == 1 and items > 1:
            raise _refused(file_name, "could say that each item has a bin of its own, or that all are in one", remedy)
        waiting = iter(places)
        bins = [0] * items
        for name, line in enumerate(lines):
            for _ in line:
                bins[next(waiting)] = name
        return Solution({"bin": bins})
    labels = [count_of(token) for token in tokens]
    if named or None in labels:
        raise _refused(file_name, f"each of the {items} items should stand once, from 0 or from 1", remedy)
    order = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    return Solution({"bin": [order[label] for label in labels]})


def read_assigned(text: str, rows: int, file_name: str) -> Solution:
    """The column of each row in order, each once, from 0 or from 1; or a line `row column` for each row. Before a list its cost
    may stand, or QAPLIB's `rows cost`. Raises UnreadableFile.
    """
    remedy = f"State the column of each of the {rows} rows in order, from 1; or a line `row column` for each row."
    lines = _lines(text)
    if len(lines) > 1 and len(lines[0]) == 2 and lines[0][0] == str(rows) and sum(map(len, lines[1:])) == rows:
        lines[0] = lines[0][1:]
    claimed, lines = _claim(lines, (rows,), rows)
    tokens = [token for line in lines for token in line]
    if len(lines) == rows > 1 and all(len(line) == 2 for line in lines):
        places, columns = (_from_least([line[at] for line in lines], rows) for at in (0, 1))
        if places is not None and columns is not None:
            return Solution({"assigned_to": [column for _, column in sorted(zip(places, columns, strict=True))]})
    found = _from_least(tokens, rows)
    if found is None:
        raise _refused(file_name, f"each of the {rows} columns should stand once, from 0 or from 1", remedy)
    return Solution({"assigned_to": found}, claimed)


def read_agents(text: str, jobs: int, agents: int, file_name: str) -> Solution:
    """The agent of each job in order, from 1, or from 0 where agent 0 stands; perhaps after a line with what they are worth.

    Raises UnreadableFile, also where neither the first agent from 0 nor the last from 1 says how they are counted.
    """
    remedy = 'State the agent of each job in order, from 1; or JSON, {"assigned_to": […]} from 0.'
    claimed, lines = _claim(_lines(text), (jobs,), jobs)
    given = [count_of(token) for line in lines for token in line]
    known = [agent for agent in given if agent is not None]
    if len(given) != jobs or len(known) < jobs or max(known) > agents:
        raise _refused(file_name, f"{jobs} agents from 1 to {agents} should stand there", remedy)
    first, last = min(known), max(known)
    if first == 0 and last == agents:
        raise _refused(file_name, f"agents {first} and {last} are named, of {agents}", remedy)
    if first > 0 and last < agents:
        raise _refused(file_name, "the agents could count from 0 or from 1", remedy)
    return Solution({"assigned_to": [agent - (first > 0) for agent in known]}, claimed)


def read_shares(text: str, assets: int, file_name: str) -> Solution:
    """The share of each asset in order, or a line `asset share` for each that has one, assets from 1. Raises
    UnreadableFile, also where both could be meant."""
    remedy = (
        f"State the shares of all {assets} assets, one a line; or a line `asset share` for each that is held, from 1."
    )
    lines = _lines(text)
    tokens = [token for line in lines for token in line]
    shares: list[Number] = [0] * assets
    paired = {len(line) for line in lines} == {2} and all(count_of(line[0]) for line in lines)
    if paired and len(tokens) == assets:
        raise _refused(file_name, f"could list {assets} shares, or the shares of {len(lines)} assets", remedy)
    if not paired and len(tokens) != assets:
        raise _refused(file_name, f"{assets} shares should stand there, not {len(tokens)} numbers", remedy)
    pairs = [(count_of(line[0]) or 0, line[1]) for line in lines] if paired else list(enumerate(tokens, start=1))
    if len({asset for asset, _ in pairs}) < len(pairs) or not all(1 <= asset <= assets for asset, _ in pairs):
        raise _refused(file_name, f"each asset should be one from 1 to {assets}, and stand once", remedy)
    for asset, token in pairs:
        share = parse_number(token)
        if share is None:
            raise _refused(file_name, f"the share {token[:40]!r} is no number", remedy)
        shares[asset - 1] = share
    return Solution({"weights": shares})


def _lines(text: str) -> list[list[str]]:
    """The words of each line that holds any; commas are spaces, what follows a # is passed over."""
    found = (content.partition("#")[0].replace(",", " ").split() for content in text.splitlines())
    return [words for words in found if words]


def _claim(lines: list[list[str]], lengths: Sequence[int], whole: int) -> tuple[Number | None, list[list[str]]]:
    """The number on a line of its own before as many words as one of `lengths`, and the lines that follow it; all lines
    where they have `whole` words together."""
    follow = sum(map(len, lines[1:]))
    if len(lines) < 2 or len(lines[0]) != 1 or follow + 1 == whole or follow not in lengths:
        return None, lines
    claimed = parse_number(lines[0][0])
    return (None, lines) if claimed is None else (claimed, lines[1:])


def _shown(words: set[str]) -> str:
    return ", ".join(sorted(words)[:4])[:60]


def _from_least(tokens: Sequence[str], count: int) -> list[int] | None:
    """Numbers that are each of `count` once, from 0 or from 1, as numbers from 0; None for any others."""
    numbers = [number for token in tokens if (number := count_of(token)) is not None]
    first = min(numbers, default=0)
    if len(tokens) != count or first > 1 or sorted(numbers) != list(range(first, first + count)):
        return None
    return [number - first for number in numbers]


def _refused(file_name: str, detail: str, remedy: str) -> UnreadableFile:
    return UnreadableFile(f"{file_name or 'The solution'}: {detail}.", remedy=remedy)
