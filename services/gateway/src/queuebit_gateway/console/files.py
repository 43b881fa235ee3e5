"""The files of the console as they are sent: read once, with a tag and a compressed form each."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

INDEX = "index.html"
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "html": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "mjs": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
        "txt": "text/plain; charset=utf-8",
    }
)
"""What the console has. A file of another kind is not served."""

_IMPORT_MAP = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class WebFile:
    """One file. `tag`: what stands in its ETag."""

    body: bytes
    zipped: bytes
    media_type: str
    tag: str


@cache
def web_files() -> Mapping[str, WebFile]:
    """Every file of the console by its path."""
    root = files("queuebit_gateway.console") / "web"
    return MappingProxyType({name: _web_file(name, body) for name, body in _read(root, "")})


@cache
def content_policy() -> str:
    """What a page of the console may do: nothing but its own files and its own gateway. The import map stands in the page,
    so that its hash stands here.
    """
    maps = _IMPORT_MAP.findall(web_files()[INDEX].body)
    sources = ["'self'", *(f"'sha256-{base64.b64encode(hashlib.sha256(each).digest()).decode()}'" for each in maps)]
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(sources)}",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _read(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _read(each, f"{before}{each.name}/")
        elif each.name.rpartition(".")[2] in MEDIA_TYPES:
            yield f"{before}{each.name}", each.read_bytes()


def _web_file(name: str, body: bytes) -> WebFile:
    return WebFile(
        body=body,
        zipped=gzip.compress(body, 9, mtime=0),
        media_type=MEDIA_TYPES[name.rpartition(".")[2]],
        tag=hashlib.sha256(body).hexdigest()[:32],
    )
