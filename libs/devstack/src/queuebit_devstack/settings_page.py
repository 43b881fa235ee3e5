"""Write the settings reference: every environment variable of every program, from the models that read them.

Usage: python -m queuebit_devstack.settings_page FILE
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import annotated_types
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from queuebit_classical_solver.settings import SolverSettings
from queuebit_gateway.settings import GatewaySettings
from queuebit_quantum_adapter.settings import AdapterSettings
from queuebit_result_validation.settings import ValidationSettings
from queuebit_runtime.settings import RuntimeSettings

_UNITS = {"_s": "seconds", "_ms": "milliseconds", "_mb": "MB", "_bytes": "bytes", "_bytes_max": "bytes"}
_SECRET = re.compile(r"password|secret|pepper|api_key$|^postgres$")
_NAME = re.compile(r"(?<=`)\w+(?=`)")
_NAMED = re.compile(r"(?:`\w+`(?:, | and | to ))*`\w+`: ")
_MADE = {"worker_name": "host name and process id"}
"""What a default is made of that differs from one machine to the next."""


class Setting(NamedTuple):
    """One environment variable. `default` is None where it has to be set."""

    variable: str
    meaning: str
    default: str | None
    values: str
    secret: bool


class Section(NamedTuple):
    """The variables of one program, or of several."""

    title: str
    about: str
    settings: tuple[Setting, ...]


def sections() -> tuple[Section, ...]:
    """Everything that can be set, in the order of the page."""
    shared = set(RuntimeSettings.model_fields)
    return (
        Section("Every service", "Read by each of the five services.", tuple(_settings(RuntimeSettings))),
        Section("gateway", "Besides what every service reads.", tuple(_settings(GatewaySettings, without=shared))),
        Section("quantum-adapter", "Besides what every service reads.", tuple(_settings(AdapterSettings))),
        Section("classical-solver", "Besides what every service reads.", tuple(_settings(SolverSettings))),
        Section("result-validation", "Besides what every service reads.", tuple(_settings(ValidationSettings))),
        Section("Tools", "Read by `python -m queuebit_store`, `queuebit_runtime` and `queuebit_gateway.keys`.", _TOOLS),
        Section(
            "Client and command line", "An argument goes before the environment, that before the profile.", _CLIENT
        ),
        Section("The stack on this machine", "Read by `queuebit up`, `demo`, `make test` and `make bench`.", _LOCAL),
        Section("Telemetry", "Standard names of OpenTelemetry; read where QUEUEBIT_TELEMETRY is otlp.", _TELEMETRY),
    )


_SCHEMA = "The PostgreSQL schema of the tables."
_TOOLS = (
    Setting("QUEUEBIT_POSTGRES", "The database: postgresql://user:password@host:port/name.", None, "URL", True),
    Setting("QUEUEBIT_NAMESPACE", _SCHEMA, "queuebit", "letters, digits, _", False),
    Setting(
        "QUEUEBIT_PEPPER", "The secret that API keys are hashed with; the same as the gateway's.", None, "text", True
    ),
)
_CLIENT = (
    Setting("QUEUEBIT_URL", "The gateway.", "http://127.0.0.1:8080", "URL", False),
    Setting("QUEUEBIT_API_KEY", "The key that opens it.", "none", "text", True),
    Setting("QUEUEBIT_PROFILE", "Which profile of the configuration file counts.", "default", "text", False),
    Setting("XDG_CONFIG_HOME", "The folder that holds queuebit/config.toml.", "~/.config", "path", False),
)
_LOCAL = (
    Setting("QUEUEBIT_DATA", "Where the servers keep data, logs and credentials.", ".queuebit", "path", False),
    Setting("QUEUEBIT_CACHE", "Where the jars of Kafka are kept.", "~/.cache/queuebit", "path", False),
    Setting("QUEUEBIT_JAVA", "The java program that runs Kafka.", "the one found, else a wheel's", "path", False),
    Setting("QUEUEBIT_KAFKA", "A broker that runs already: none is started.", "none", "host:port list", False),
    Setting("QUEUEBIT_POSTGRES", "A PostgreSQL that runs already: none is started.", "none", "URL", True),
    Setting(
        "QUEUEBIT_SERVERS", "How the tests get servers that are not given.", "auto", "auto, docker, embedded", False
    ),
    Setting("QUEUEBIT_LOCAL_TLS", "Let the Kafka that is started speak TLS, as `up --tls`.", "0", "0, 1", False),
    Setting("QUEUEBIT_HTTP_PORT", "The gateway's port; a free one if taken.", "8080", "0 to 65535", False),
    Setting("QUEUEBIT_STACK", "Set by `up` for its processes, to know them by. Do not set it.", "none", "path", False),
)
_TELEMETRY = (
    Setting("OTEL_EXPORTER_OTLP_ENDPOINT", "Where traces and metrics go.", "http://localhost:4318", "URL", False),
    Setting("OTEL_EXPORTER_OTLP_HEADERS", "What is sent along, as a key.", "none", "name=value list", True),
)


def page() -> str:
    """The whole page."""
    lines = [
        "# Settings",
        "",
        "Generated by `make schemas` from the models that read them; never edited by hand. All are environment variables. An "
        "empty one counts as not set; a wrong one ends the program with exit code 2 and its name. **Secrets** are shown in no "
        "log and no answer.",
    ]
    for section in sections():
        lines += ["", f"## {section.title}", "", section.about, "", "| variable | meaning | default | values |"]
        lines += ["| --- | --- | --- | --- |", *(_row(each) for each in section.settings)]
    return "\n".join(lines) + "\n"


def _row(setting: Setting) -> str:
    default = "**must be set**" if setting.default is None else setting.default or "(empty)"
    meaning = f"**Secret.** {setting.meaning}" if setting.secret else setting.meaning
    return f"| `{setting.variable}` | {_cell(meaning)} | {_cell(default)} | {_cell(setting.values)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _settings(model: type[BaseSettings], *, without: Iterable[str] = ()) -> Iterator[Setting]:
    prefix = model.model_config.get("env_prefix", "")
    meanings = meanings_of(model)
    for name, field in model.model_fields.items():
        if name not in without:
            secret = SecretStr in _types(field.annotation) or bool(_SECRET.search(name) and not name.endswith("_file"))
            meaning = field.description or meanings.get(name, "")
            yield Setting(f"{prefix}{name}".upper(), meaning, _default(name, field), _values(name, field), secret)


def meanings_of(model: type[Any]) -> dict[str, str]:
    """What the docstrings say of each field: the text under it, else the passage of the class that begins with its name."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if base.__module__.startswith("queuebit_"):
            found.update(_passages(vars(base).get("__doc__"), getattr(base, "model_fields", {})))
            found.update(_under_fields(base))
    return found


def _passages(text: str | None, fields: Iterable[str]) -> dict[str, str]:
    joined = " ".join((text or "").split())
    starts = [each for each in _NAMED.finditer(joined) if set(_NAME.findall(each.group())) <= set(fields)]
    ends = [*(each.start() for each in starts[1:]), len(joined)]
    return {
        name: _sentence(joined[start.end() : end])
        for start, end in zip(starts, ends, strict=False)
        for name in _NAME.findall(start.group())
    }


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:]


def _under_fields(model: type[Any]) -> dict[str, str]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
            case _:
                pass
    return found


def _default(name: str, field: FieldInfo) -> str | None:
    if name in _MADE:
        return _MADE[name]
    if field.default is PydanticUndefined:
        return None if field.default_factory is None else str(field.get_default(call_default_factory=True))
    if isinstance(field.default, tuple):
        return ",".join(map(str, field.default)) or "none"
    return "none" if field.default is None else str(field.default)


def _values(name: str, field: FieldInfo) -> str:
    parts = [_type(field.annotation)]
    for rule in field.metadata:
        parts += _rule(rule)
    unit = next((unit for ending, unit in _UNITS.items() if name.endswith((ending, f"{ending}_max"))), None)
    return ", ".join([*parts, unit] if unit else parts)


def _type(annotation: Any) -> str:
    choices = [str(value) for each in _types(annotation) if get_origin(each) is Literal for value in get_args(each)]
    if choices:
        return ", ".join(choices)
    if any(get_origin(each) is tuple for each in _types(annotation)):
        return "list, parted by commas"
    words: Mapping[Any, str] = {int: "whole number", float: "number", bool: "true, false", Path: "path"}
    return next((words[each] for each in _types(annotation) if each in words), "text")


def _types(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _types(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [inner for each in get_args(annotation) for inner in _types(each)]
    return [annotation]


def _rule(rule: Any) -> list[str]:
    match rule:
        case annotated_types.Ge(ge=bound):
            return [f"≥ {bound}"]
        case annotated_types.Gt(gt=bound):
            return [f"> {bound}"]
        case annotated_types.Le(le=bound):
            return [f"≤ {bound}"]
        case annotated_types.MinLen(min_length=bound):
            return [f"at least {bound} characters"]
        case _:
            return []


def main(arguments: list[str]) -> int:
    """Write the page; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write(__doc__ or "")
        return 2
    Path(arguments[0]).write_text(page())
    sys.stdout.write(f"{arguments[0]}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
