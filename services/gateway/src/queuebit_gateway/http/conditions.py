"""Conditional requests (RFC 9110, section 13): the entity tag of a job is its version, quoted."""

from __future__ import annotations

import re

from starlette.requests import Request

from queuebit_contracts.errors import FieldError
from queuebit_gateway.problem_details import Refusal

LENGTH_MAX = 1000

IF_MATCH_PATTERN = r'^[ \t]*(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)[ \t]*$'

_TAG = re.compile(r'[ \t]*(W/)?("[!#-~\x80-\xff]*")[ \t]*(?:,|$)')


def header_of(request: Request, name: str) -> str | None:
    """The header, its lines put together; None without one."""
    lines = request.headers.getlist(name)
    return ", ".join(lines) if lines else None


def tag_of(version: int) -> str:
    """The strong entity tag of a job at this version."""
    return f'"{version}"'


def check_if_match(header: str | None, version: int) -> None:
    """Raises Refusal: version_mismatch where If-Match names other versions only, invalid_request where it is no list of tags.

    Tags are compared strongly: a weak one never matches. `*` matches any job that there is.
    """
    if header is None or header.strip() == "*":
        return
    tags = _tags(header)
    if tags is None:
        wrong = FieldError("header:If-Match", "invalid", "is neither `*` nor a list of quoted entity tags")
        raise Refusal("invalid_request", f"{wrong}.", errors=(wrong,))
    if (False, tag_of(version)) not in tags:
        raise Refusal("version_mismatch", f"It is at version {version}.")


def is_unchanged(header: str | None, version: int) -> bool:
    """Whether If-None-Match names this version (304). Compared weakly; `*` names any; what is no list of tags names none."""
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return any(tag == tag_of(version) for _, tag in _tags(header) or ())


def _tags(header: str) -> list[tuple[bool, str]] | None:
    """Each entity tag, and whether it is weak; None where the text is no list of them."""
    if len(header) > LENGTH_MAX:
        return None
    found, place = [], 0
    while place < len(header):
        match = _TAG.match(header, place)
        if match is None:
            return None
        found.append((match[1] is not None, match[2]))
        place = match.end()
    return found or None
