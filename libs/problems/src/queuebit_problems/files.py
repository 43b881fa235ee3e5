"""From a file to a problem: JSON documents as they are, the field's own formats through the kind that reads them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, NoReturn

from pydantic import ValidationError

from queuebit_contracts.errors import field_errors
from queuebit_contracts.jobs import Problem
from queuebit_problems.admission import check_bytes
from queuebit_problems.errors import InvalidStatement, UnreadableFile
from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.layouts import NAMED_BY_KINDS, NOT_READ, Layout, told, told_document
from queuebit_problems.kind import Params, Statement
from queuebit_problems.registry import AnyKind, kind_of, kinds, usable_kinds

TEXT_LENGTH_MAX = 10_000_000
"""Characters. Larger than any statement that is taken, so that field formats may be wordy."""

Beside = Callable[[str], str | None]
"""The text of another file of the same folder, by its name; None where it is not there."""


def read_problem(
    text: str,
    *,
    file_name: str = "",
    kind: str | None = None,
    params: Params | None = None,
    beside: Beside | None = None,
) -> Problem:
    """The problem that a file states, its statement checked, in normal form and not too large to be carried.

    A JSON object is a problem {"kind", "version", "statement"}, a whole job request with such a "problem", or, where `kind` is
    given, a statement alone, or a document of a form that the field itself uses. Any other text is read by the kind that is
    given, else by the only one whose form it has; `beside` finds the second file that some need. Nothing is guessed: a kind
    whose form a file has stays in question when its reader refuses what the file holds.
    Raises UnreadableFile, InvalidStatement or UnknownKind, each with the line or field and the remedy.
    """
    if len(text) > TEXT_LENGTH_MAX:
        raise UnreadableFile(
            f"{file_name or 'The file'} has more than {TEXT_LENGTH_MAX} characters.", remedy="State a smaller problem."
        )
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        problem = _from_document(_json(text.lstrip("\ufeff"), file_name), file_name, kind, params)
        found = kind_of(problem.kind, problem.version)
        statement = found.parse(problem.statement)
    else:
        text = text.lstrip("\ufeff")
        found = kind_of(kind) if kind is not None else _recognised(text, file_name)
        found = kind_of(found.variant(file_name, params))
        statement = _of_text(found, text, file_name, params, beside)
    normal = statement.model_dump(mode="json")
    check_bytes(normal)
    return Problem(kind=found.name, version=found.version, statement=normal)


def _of_text(found: AnyKind, text: str, file_name: str, params: Params | None, beside: Beside | None) -> Statement:
    """The statement of a file in one of the field's own formats, with that of its companion where it has one."""
    other = found.companion(file_name)
    more = beside(other) if other is not None and beside is not None else None
    if other is None or more is None:
        return _statement_of(found, text, file_name, params)
    return _with_companion(found, text, other, more, file_name, params)


def _statement_of(found: AnyKind, text: str, file_name: str, params: Params | None) -> Statement:
    """The statement that a file states; what its lines do not show to be wrong may still be wrong as a whole."""
    try:
        statement: Statement = found.read(text, file_name=file_name, params=params)
    except ValidationError as error:
        raise found.refusal(error) from None
    except UnreadableFile:
        _refuse_known_layout(text, file_name or "The file", NOT_READ)
        raise
    return statement


def _with_companion(
    found: AnyKind, text: str, other: str, more: str, file_name: str, params: Params | None
) -> Statement:
    """Read a file and its companion as one; an error in the companion names it and its own line."""
    try:
        return _statement_of(found, f"{text}\n{more}", file_name, params)
    except UnreadableFile as error:
        before = len(f"{text}\n".splitlines())
        if error.line is None or error.line <= before:
            raise
        line = error.line - before
        detail = error.detail.replace(f"{file_name}, line {error.line}", f"{other}, line {line}")
        raise UnreadableFile(detail, remedy=error.remedy, fields=error.fields, line=line) from None


def _from_document(document: Mapping[str, Any], file_name: str, kind: str | None, params: Params | None) -> Problem:
    stated = document.get("problem", document)
    if isinstance(stated, dict) and "kind" in stated and "statement" in stated:
        prefix = "/problem" if "problem" in document else ""
        problem = _problem(stated, file_name, prefix)
        if kind is not None and kind != problem.kind:
            raise UnreadableFile(
                f"{file_name or 'The file'} states the kind {problem.kind}, not {kind}.",
                remedy=f"Leave --kind out, or give --kind {problem.kind}.",
            )
        return problem
    stated_by_field = _of_the_field(document, kind, params)
    if stated_by_field is not None:
        return _problem(stated_by_field, file_name, "")
    known = told_document(document)
    if known is not None:
        raise UnreadableFile(f"{file_name or 'The file'} {known[0]}, which is not read.", remedy=known[1])
    if kind is None:
        raise UnreadableFile(
            f'{file_name or "The file"} is a JSON object without "kind" and "statement".',
            remedy='State {"kind": …, "version": 1, "statement": {…}}, or give --kind if the file is a statement alone.',
        )
    return _problem({"kind": kind, "statement": document}, file_name, "")


def _of_the_field(document: Mapping[str, Any], kind: str | None, params: Params | None) -> dict[str, Any] | None:
    """The problem of a document in a field's own JSON form; None where no kind, or more than one, knows it."""
    known = usable_kinds() if kind is None else [kind_of(kind)]
    found = [(one, statement) for one in known if (statement := one.from_document(document, params=params)) is not None]
    if len(found) != 1:
        return None
    one, statement = found[0]
    return {"kind": one.name, "version": one.version, "statement": dict(statement)}


def _problem(stated: Mapping[str, Any], file_name: str, prefix: str) -> Problem:
    try:
        return Problem.model_validate(stated)
    except ValidationError as error:
        fields = field_errors(error, prefix=prefix)
        raise InvalidStatement(
            f"{file_name or 'The file'} does not state a problem: {'; '.join(str(field) for field in fields)}",
            remedy="Correct the named fields.",
            fields=fields,
        ) from None


def _json(text: str, file_name: str) -> dict[str, Any]:
    def refuse(constant: str) -> NoReturn:
        raise UnreadableFile(
            f"{file_name or 'The file'} holds {constant}, which is no JSON number.", remedy="State finite numbers."
        )

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counted = Counter(name for name, _ in pairs)
            twice = next(name for name, count in counted.items() if count > 1)
            raise UnreadableFile(
                f"{file_name or 'The file'} states {twice[:40]!r} twice in one JSON object.",
                remedy="State each name once: programs differ in which of them they take.",
            )
        return found

    try:
        document = json.loads(text, parse_constant=refuse, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise UnreadableFile(
            f"{file_name or 'The file'}, line {error.lineno}, column {error.colno}: no JSON: {error.msg}.",
            remedy="Correct the JSON there.",
            line=error.lineno,
        ) from None
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(
            f"{file_name or 'The file'} is JSON that cannot be read: {type(error).__name__}.",
            remedy="State fewer levels and numbers of at most 1e15.",
        ) from None
    if not isinstance(document, dict):
        raise UnreadableFile(f"{file_name or 'The file'} is not a JSON object.", remedy="State one JSON object.")
    return document


def _recognised(text: str, file_name: str) -> AnyKind:
    """The only kind whose suffix the file has, else the only one that recognises its form."""
    known = usable_kinds()
    suffix = PurePath(file_name).suffix.lower()
    candidates = [kind for kind in known if suffix and suffix in kind.suffixes]
    if len(candidates) == 1:
        return candidates[0]
    candidates = [kind for kind in candidates or known if kind.recognises(text)]
    shape_of.cache_clear()
    if len(candidates) == 1 and not candidates[0].bare:
        return candidates[0]
    place = file_name or "The file"
    if not candidates:
        _refuse_known_layout(text, place, (*NOT_READ, *NAMED_BY_KINDS))
    names = [kind.name for kind in candidates]
    guess = f"could be {' or '.join(names)}" if names else "has a form that no kind recognises"
    if len(names) == 1:
        guess = f"is numbers alone, which could be {names[0]} or anything else"
    raise UnreadableFile(f"{place} {guess}.", remedy=f"Give --kind; one of {', '.join(names or kinds())}.")


def _refuse_known_layout(text: str, place: str, layouts: tuple[Layout, ...]) -> None:
    """Raise an error that names the layout where it is one that the field knows and no kind reads."""
    found = told(text, layouts)
    if found is not None:
        raise UnreadableFile(f"{place} {found[0]}, which is not read.", remedy=found[1])
