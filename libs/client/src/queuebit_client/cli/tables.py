"""How a table fits a terminal: words are never broken, text is folded, and where that is not enough columns are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WORD_MAX = 64
"""What has no space and is no longer than this is one word, such as an id: it stands in one piece or not at all."""
TEXT_MIN = 16
"""Text is folded into columns that are no narrower than this, where it is longer."""
BESIDE = 3
"""What each column takes beside its cells: a line, and a space on both sides."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """`widths`: of the columns that are shown, the first ones; `left_out`: the names of the others."""

    widths: tuple[int, ...]
    left_out: tuple[str, ...]


def fitted(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Fitted:
    """What of a table stands in so many characters. Columns are left out from the last leftwards; the first one stays."""
    cells = [[name, *(row[place] for row in rows)] for place, name in enumerate(names)]
    widths = [_least(each) for each in cells]
    while len(widths) > 1 and _whole(widths) > width:
        widths.pop()
    if _whole(widths) > width:
        widths = [max(1, width - BESIDE - 1)]
    wanted = [max(map(len, each)) for each in cells]
    while (spare := width - _whole(widths)) > 0:
        short = [place for place, has in enumerate(widths) if has < wanted[place]]
        if not short:
            break
        for place in short[:spare]:
            widths[place] += min(max(1, spare // len(short)), wanted[place] - widths[place])
    return Fitted(tuple(widths), tuple(names[len(widths) :]))


def _whole(widths: Sequence[int]) -> int:
    return sum(widths) + BESIDE * len(widths) + 1


def _least(cells: Sequence[str]) -> int:
    """As wide as its longest word; where that is text, as text must be at least."""
    longest = max((len(word) for cell in cells for word in cell.split() if len(word) <= WORD_MAX), default=1)
    return max(longest, min(TEXT_MIN, max(map(len, cells))), 1)
