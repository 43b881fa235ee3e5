"""The commands about kinds: of the server that a flag names, else of this machine, else of the configured server."""

from __future__ import annotations

from importlib.util import find_spec

from queuebit_client.cli.exit_codes import ExitCode
from queuebit_client.cli.output import note, print_json, show_table
from queuebit_client.cli.session import Target
from queuebit_client.errors import NotFound, QueuebitError
from queuebit_client.reads import Kind, KindSummary


class BrokenKind(QueuebitError):
    """An installed package offers this kind, but what it offers cannot be used."""

    code = "broken_kind"


def list_kinds(target: Target, *, as_json: bool) -> ExitCode:
    """All kinds, one line each. A kind of an installed package that cannot be used is named, and hides no other."""
    if _here(target):
        found = _installed()
    else:
        with target.client() as client:
            found = client.kinds()
    if as_json:
        print_json([kind.model_dump(mode="json") for kind in found])
    else:
        rows = [[kind.name, kind.version, kind.sense, kind.title, "; ".join(kind.formats)] for kind in found]
        show_table("Problem kinds", ["kind", "version", "sense", "title", "file formats"], rows)
    return ExitCode.OK


def show_kind(target: Target, name: str) -> ExitCode:
    """A kind as JSON: title, sense, formats, parameters, the shape of its answers, its schema, an example."""
    print_json(_kind(target, name).model_dump(mode="json"))
    return ExitCode.OK


def show_example(target: Target, name: str) -> ExitCode:
    """A problem of this kind that can be submitted as it is."""
    print_json(_kind(target, name).example)
    return ExitCode.OK


def _here(target: Target) -> bool:
    return not target.stated and find_spec("queuebit_problems") is not None


def _kind(target: Target, name: str) -> Kind:
    """Raises NotFound or BrokenKind."""
    if not _here(target):
        with target.client() as client:
            return client.kind(name)
    from queuebit_problems.errors import ProblemError, UnknownKind
    from queuebit_problems.registry import kind_of

    try:
        kind = kind_of(name)
    except UnknownKind as error:
        raise NotFound(error.detail, code="kind_not_found", remedy=error.remedy) from None
    except ProblemError as error:
        raise BrokenKind(error.detail, remedy=error.remedy) from None
    return Kind(
        name=kind.name,
        version=kind.version,
        title=kind.title,
        sense=kind.sense,
        formats=kind.formats,
        answer_shape=kind.answer_shape,
        params=dict(kind.params),
        statement_schema=kind.statement.model_json_schema(),
        example={"kind": kind.name, "version": kind.version, "statement": kind.example().model_dump(mode="json")},
    )


def _installed() -> tuple[KindSummary, ...]:
    from queuebit_problems.errors import ProblemError
    from queuebit_problems.registry import kind_of, kinds

    found = []
    for name in kinds():
        try:
            kind = kind_of(name)
        except ProblemError as error:
            note(f"Error: {error.detail} Remedy: {error.remedy}")
            continue
        found.append(
            KindSummary(name=kind.name, version=kind.version, title=kind.title, sense=kind.sense, formats=kind.formats)
        )
    return tuple(found)
