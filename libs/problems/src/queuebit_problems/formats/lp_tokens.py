"""The words of LP files: numbers, names, relations, marks, and where sections begin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from queuebit_problems.errors import UnreadableFile

_OBJECTIVE = re.compile(r"(?P<max>max(imi[sz]e|imum)?)|min(imi[sz]e|imum)?", re.IGNORECASE)
_SECTIONS = {
    **dict.fromkeys(("subject", "such", "st", "s.t.", "st."), "constraints"),
    **dict.fromkeys(("bounds", "bound"), "bounds"),
    **dict.fromkeys(("general", "generals", "gen", "gens", "integer", "integers"), "whole"),
    **dict.fromkeys(("binary", "binaries", "bin"), "binary"),
    "end": "end",
}
_NOT_READ = {
    **dict.fromkeys(("semi-continuous", "semi", "semis"), "semi-continuous variables"),
    **dict.fromkeys(("sos", "sos1", "sos2"), "special ordered sets"),
    **dict.fromkeys(("pwlobj", "gencons", "scenario"), "general constraints"),
}
_SET_APART = re.compile(r"\s*(lazy\s+constraints|user\s+cuts)\b", re.IGNORECASE)
"""Rows that may be left out of account where a line begins so; a program without them can be another one."""
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]{1,30}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?)"
    r"|(?P<name>[A-Za-z!\"#$%&(),;?@_`'{}~][A-Za-z0-9!\"#$%&(),.;?@_`'{}~]*(?:\[[^\s\[\]]*\][A-Za-z0-9!\"#$%&(),.;?@_`'{}~]*)*)"
    r"|(?P<arrow>->)|(?P<relation><=|=<|>=|=>|==|<|>|=)|(?P<mark>[-+*/^:\[\]])"
)
INFINITE = ("infinity", "inf")
RELATIONS = {"<": "<=", "=<": "<=", ">": ">=", "=>": ">=", "==": "="}
REMEDY = "LP reads Minimize or Maximize, Subject To, Bounds, Generals, Binaries and End, as CPLEX writes them."


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the file. `kind` is number, name, relation, mark, arrow, section or end."""

    kind: str
    text: str
    line: int


def is_lp(text: str) -> bool:
    """Whether it begins as an LP file does: comments, then Minimize or Maximize, and constraints after it."""
    for content in text.splitlines():
        words = content.split("\\", 1)[0].split()
        if words:
            return _OBJECTIVE.fullmatch(words[0].rstrip(":")) is not None
    return False


def tokens_of(text: str, file_name: str) -> Iterator[Token]:
    """Its words in order, a keyword only where a line begins with it. Raises UnreadableFile with the line."""
    for line, content in enumerate(text.splitlines(), start=1):
        content = content.split("\\", 1)[0].rstrip()
        at = len(content) - len(content.lstrip())
        word = content[at:].split(None, 1)[0].lower().rstrip(":") if content.strip() else ""
        if word in _NOT_READ:
            raise refused(file_name, line, f"{_NOT_READ[word]} are not read", "State whole numbers and linear rows.")
        if _SET_APART.match(content):
            raise refused(file_name, line, f"{word} rows are not read", "State them among the constraints.")
        section = "objective" if _OBJECTIVE.fullmatch(word) else _SECTIONS.get(word)
        after = content[at + len(word) :].lstrip()
        if section is not None and not (section != "objective" and after.startswith(":")):
            yield Token("section", f"{section} {word}", line)
            at += len(word)
            two = re.match(r"\s+(?:to|that)\b:?", content[at:], re.IGNORECASE) if word in ("subject", "such") else None
            at += two.end() if two else 0
            if content[at : at + 1] == ":":
                at += 1
        while at < len(content):
            if content[at].isspace():
                at += 1
                continue
            found = _TOKEN.match(content, at)
            if found is None or found.lastgroup is None:
                raise refused(file_name, line, f"{content[at : at + 20]!r} is not understood", REMEDY)
            at = found.end()
            if found.lastgroup == "number" and content[at : at + 1] and content[at] in "0123456789.":
                raise refused(file_name, line, f"{found[0][:20]}… is no number, or has too many digits", REMEDY)
            yield Token(found.lastgroup, found[0], line)
    yield Token("end", "", len(text.splitlines()))


def is_keyword(word: str) -> bool:
    """Whether a line that begins with the word begins a section."""
    return word.lower() in _SECTIONS or word.lower() in _NOT_READ


def refused(file_name: str, line: int, detail: str, remedy: str) -> UnreadableFile:
    """The error about a line."""
    place = f"{file_name}, line {line}" if file_name else f"line {line}"
    return UnreadableFile(f"{place}: {detail}.", remedy=remedy, line=line)
