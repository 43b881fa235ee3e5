"""Metrics, the HTTP API, kinds and the command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from queuebit_gateway.http.app import openapi_document
from queuebit_problems.registry import kind_of, kinds
from queuebit_runtime.telemetry.meters import prometheus_name
from queuebit_runtime.telemetry.metrics import METRICS
from queuebit_workbench.reference.markdown import code, page, section, table

METHODS = ("get", "post", "put", "patch", "delete")


def metrics() -> str:
    """One table."""
    rows = [
        (
            code(prometheus_name(each) + ("_total" if each.kind == "counter" else "")),
            code(each.name),
            each.kind,
            ", ".join(code(label.replace(".", "_")) for label in each.labels),
            each.meaning,
        )
        for each in METRICS
    ]
    about = (
        "What each process tells: under the first name to Prometheus, under the second to OpenTelemetry. What"
        " to make of them: [watch it](../how-to/watch-it.md)."
    )
    return page("Metrics", about, table(("Prometheus", "OpenTelemetry", "sort", "labels", "meaning"), rows))


def http() -> str:
    """A section a route, in the order of the paths."""
    paths: dict[str, dict[str, Any]] = openapi_document()["paths"]
    routes = [
        (path, method, found[method]) for path, found in sorted(paths.items()) for method in METHODS if method in found
    ]
    about = (
        "The routes of the gateway. The whole description, with every schema, is `schemas/openapi.json`; what"
        " refusals mean: [errors](errors.md)."
    )
    return page("HTTP", about, *(_route(path, method, found) for path, method, found in routes))


def _route(path: str, method: str, found: dict[str, Any]) -> str:
    parameters = [
        (code(each["name"]), each["in"], "must be there" if each.get("required") else "", each.get("description", ""))
        for each in found.get("parameters", ())
    ]
    answers = [(status, answer.get("description", "")) for status, answer in sorted(found.get("responses", {}).items())]
    said = found.get("description") or found.get("summary") or ""
    return section(
        code(f"{method.upper()} {path}"),
        said,
        table(("parameter", "in", "", "meaning"), parameters),
        table(("answer", ""), answers),
    )


def kinds_page() -> str:
    """A line a kind of the catalogue; those of other packages are not here."""
    found = [kind_of(name) for name in kinds()]
    own = [each for each in found if type(each).__module__.startswith("queuebit_problems.")]
    rows = [(code(each.name), str(each.version), each.title) for each in own]
    about = (
        "The catalogue of problems. `queuebit kinds show NAME` has the statement's fields and an example; the"
        " JSON Schema of each is in `schemas/problems`."
    )
    return page("Kinds", about, table(("kind", "version", "what is asked"), rows))


def command_line() -> str:
    """A section a verb, groups before what is in them."""
    from typer.main import get_command

    from queuebit_client.cli.main import build

    about = (
        "Every verb, with its arguments and options. Exit codes: 0 an accepted answer or done, 1 failed, "
        "rejected or found, 2 usage, 3 not found, 4 not allowed, 5 still running, 6 conflict, 8 not "
        "available. A table never breaks an id or another word; where a terminal is too narrow for it, columns are left out "
        "from the last leftwards, the first one stays, and those that are left out are named on standard error."
    )
    return page("Command line", about, *_verbs("queuebit", get_command(build())))


def verbs() -> list[str]:
    """The name of each verb that does something."""
    from typer.main import get_command

    from queuebit_client.cli.main import build

    return [name for name, command in _walk("queuebit", get_command(build())) if not hasattr(command, "commands")]


def _walk(name: str, command: Any) -> Iterable[tuple[str, Any]]:
    yield name, command
    for word, below in sorted(getattr(command, "commands", {}).items()):
        if not below.hidden:
            yield from _walk(f"{name} {word}", below)


def _verbs(name: str, command: Any) -> Iterable[str]:
    for words, found in _walk(name, command):
        rows = [
            (code(", ".join(each.opts)), "must be there" if each.required else "", getattr(each, "help", None) or "")
            for each in found.params
            if "--help" not in each.opts and not getattr(each, "hidden", False)
        ]
        said = " ".join((found.help or "").split())
        if words != name:
            yield section(code(words), said, table(("argument or option", "", "meaning"), rows))
