"""Topics, events and errors: what goes over Kafka and HTTP."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from queuebit_contracts.channels import CHANNELS, DAY_MS, Channel
from queuebit_contracts.failures import FAILURES
from queuebit_contracts.registry import PREFIX, REGISTRY, name_of
from queuebit_gateway.problem_types import PROBLEMS
from queuebit_workbench.reference.markdown import code, page, section, table


def topics() -> str:
    """A section a topic."""
    about = (
        "The topics of the channel table, each with `QUEUEBIT_NAMESPACE` before it where that is set. Every "
        "record is keyed by the id of its job, but that orders for the classical solver of one tenant that ask the same may "
        "have one key; the headers are those of CloudEvents 1.0 in binary mode. Who "
        "may do what follows from it: [Kafka access](../how-to/kafka-access.md)."
    )
    return page("Topics", about, *(_topic(each) for each in CHANNELS))


def _others(channel: Channel) -> Iterator[str]:
    if channel.upstream_writes:
        yield "upstream services"
    if channel.downstream_writes:
        yield "downstream services"


def _topic(channel: Channel) -> str:
    said = [name_of(each) for each in channel.messages]
    rows = [
        ("carries", ", ".join(f"[{each}](events.md#{each.lower()})" for each in said) or "any record, as it came"),
        ("written by", ", ".join([*channel.writers, *_others(channel)])),
        ("read by", ", ".join([*channel.readers, *(["downstream services"] if channel.public else [])]) or "operators"),
        ("partitions", str(channel.partitions)),
        ("kept", "the last of each key" if channel.compacted else f"{channel.retention_ms // DAY_MS} days"),
    ]
    if channel.broadcast:
        rows.append(("each instance", "reads every record"))
    return section(code(channel.topic), channel.meaning, table(("", ""), rows))


def events() -> str:
    """A section a message, with all its versions."""
    names: dict[str, list[str]] = {}
    for type_name in REGISTRY.known:
        names.setdefault(type_name.removeprefix(PREFIX).rpartition(".v")[0], []).append(type_name)
    about = (
        "Everything that is said, by its CloudEvents type. A version that was ever shipped stays readable; "
        "the JSON Schema of each is in `schemas/`, a recorded example in `schemas/examples`."
    )
    return page("Events and commands", about, *(_event(name, types) for name, types in sorted(names.items())))


def _event(name: str, types: list[str]) -> str:
    newest = max(types, key=lambda each: int(each.rpartition(".v")[2]))
    model = REGISTRY.known[newest].model
    fields = [
        (code(field), _type(info.annotation), "must be there" if info.is_required() else "may be missing")
        for field, info in model.model_fields.items()
    ]
    carried = [each.topic for each in CHANNELS if name in {name_of(message) for message in each.messages}]
    links = ", ".join(f"[{topic}](topics.md#{topic.replace('.', '')})" for topic in carried)
    said = " ".join(inspect.cleandoc(model.__doc__ or "").split())
    where = f"Types: {', '.join(code(each) for each in sorted(types))}." + (f" On {links}." if links else "")
    return section(name, said, where, table(("field", "type", ""), fields))


def _bare(annotation: Any) -> Any:
    """A type without what else is said of it, each side of a union too."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _bare(get_args(annotation)[0])
    return reduce(or_, map(_bare, get_args(annotation))) if origin in (Union, UnionType) else annotation


def _type(stated: Any) -> str:
    annotation = _bare(stated)
    text = (
        annotation.__name__ if isinstance(annotation, type) and not hasattr(annotation, "__args__") else str(annotation)
    )
    for noise in ("typing.", "queuebit_contracts.", "datetime.", "uuid."):
        text = text.replace(noise, "")
    return code(text if len(text) < 60 else text[:57] + "…")


def errors() -> str:
    """Problems of HTTP, then failures of attempts and jobs."""
    problems = [
        (code(each.code), str(each.status), each.title, each.retry.replace("_", " "), each.remedy)
        for each in sorted(PROBLEMS.values(), key=lambda each: (each.status, each.code))
    ]
    failures = [(code(each.value), found.action, found.meaning, found.remedy) for each, found in FAILURES.items()]
    about = (
        "Every refusal over HTTP is a problem document (RFC 9457) with one of the codes below, whether to try"
        " again, and a remedy. Why attempts and jobs failed is told in their events."
    )
    return page(
        "Errors",
        about,
        section("Over HTTP", table(("code", "status", "title", "try again", "remedy"), problems)),
        section("Of attempts and jobs", table(("code", "the plan", "meaning", "remedy"), failures)),
    )
