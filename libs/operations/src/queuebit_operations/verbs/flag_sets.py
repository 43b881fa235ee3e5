"""Sets of flags: a verb that takes one as a parameter has all its flags on the command line, and gets it whole."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

Verb = Callable[..., int]


def with_flags(verb: Verb) -> Verb:
    """The verb as the command line sees it: the flags of a set stand in its place, under their own names and in their order.

    A set is a frozen dataclass whose fields are annotated as parameters are.
    """
    hints = get_type_hints(verb, include_extras=True)
    shown: list[inspect.Parameter] = []
    sets: dict[str, type[Any]] = {}
    for parameter in inspect.signature(verb).parameters.values():
        kind = hints[parameter.name]
        if is_dataclass(kind) and isinstance(kind, type):
            sets[parameter.name] = kind
            flags = get_type_hints(kind, include_extras=True)
            shown += [
                parameter.replace(name=each.name, default=each.default, annotation=flags[each.name])
                for each in fields(kind)
            ]
        else:
            shown.append(parameter.replace(annotation=kind))
    signature = inspect.Signature(shown, return_annotation=int)

    @functools.wraps(verb)
    def told(*given: Any, **named: Any) -> int:
        bound = signature.bind(*given, **named)
        bound.apply_defaults()
        values = dict(bound.arguments)
        made = {
            name: kind(**{each.name: values.pop(each.name) for each in fields(kind)}) for name, kind in sets.items()
        }
        return verb(**values, **made)

    told.__signature__ = signature  # type: ignore[attr-defined]
    told.__annotations__ = {each.name: each.annotation for each in shown} | {"return": int}
    return told
