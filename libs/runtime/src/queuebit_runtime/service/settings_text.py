"""What the environment variables of a program mean, from the models that read them: for its help and for the reference."""

from __future__ import annotations

import ast
import inspect
import re
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


def settings_of(model: type[BaseSettings], *, without: Iterable[str] = ()) -> Iterator[Setting]:
    """The variables that a model reads, besides the fields in `without`."""
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
