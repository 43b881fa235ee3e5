"""A policy from a file of YAML or JSON. What is wrong with its form is said by field; what it means is for lint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from queuebit_contracts.errors import field_errors
from queuebit_contracts.policy import DOCUMENT_BYTES_MAX, PolicyDocument
from queuebit_operations.errors import BadArgument

REMEDY = "See infra/docs/how-to/policies.md; `queuebit policy show routing/2` prints one to begin from."
SHOWN_MAX = 10


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML as people mean it: a key that stands twice is a mistake, and a time of day is a text."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            line = key_node.start_mark.line + 1
            raise yaml.constructor.ConstructorError(None, None, f"line {line}: the key {key!r} stands twice")
        seen.add(key)
    found: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_document(path: Path) -> PolicyDocument:
    """The policy of a file. Raises BadArgument, which names the field."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BadArgument(f"{path} cannot be read: {error.strerror}.", remedy="Check the path.") from None
    if len(text) > DOCUMENT_BYTES_MAX:
        raise BadArgument(f"{path} has {len(text)} bytes.", remedy=f"A policy has at most {DOCUMENT_BYTES_MAX}.")
    try:
        told = yaml.load(text, _Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadArgument(f"{path} is no YAML: {' '.join(str(error).split())[:500]}", remedy=REMEDY) from None
    if not isinstance(told, dict):
        raise BadArgument(f"{path} holds no policy.", remedy=REMEDY)
    return document_of(told, str(path))


def document_of(told: dict[str, Any], what: str) -> PolicyDocument:
    """The policy that a mapping states. Raises BadArgument."""
    try:
        return PolicyDocument.model_validate(told)
    except ValidationError as error:
        wrong = field_errors(error)
        lines = "; ".join(f"{each.pointer.lstrip('/')}: {each.detail}" for each in wrong[:SHOWN_MAX])
        more = f" (and {len(wrong) - SHOWN_MAX} more)" if len(wrong) > SHOWN_MAX else ""
        raise BadArgument(f"{what} is no policy: {lines}{more}.", remedy=REMEDY) from None
