"""What a client and a cloud say to each other, recorded once and replayed: the client is the real one, the cloud a file.

A replay answers each request as it was answered then, in the same order for the same place; the last answer again where a
client asks more often. What was never asked then is refused, and told: so a new version of a client that asks otherwise, or
sends other fields, is found out without any cloud.
"""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlencode

from queuebit_workbench.clouds.faults import Faults
from queuebit_workbench.clouds.http import OWN, Asked, Loopback, Reply

HERE = "{cloud}"
"""Stands in a recording for the address of the cloud."""
NOT_RECORDED = 501
VERSION = 1
Answer = Callable[[Asked], Reply]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. `shape`: the names and types of what was sent, where that is JSON; `binary`: whether the
    content is in base 64.
    """

    method: str
    place: str
    shape: Any
    status: int
    content: str
    kind: str
    headers: Mapping[str, str] = field(default_factory=dict)
    binary: bool = False


def place_of(asked: Asked) -> str:
    """Where a request goes: the path, and what is asked there in one order."""
    query = urlencode(sorted((name, value) for name, values in asked.query.items() for value in values))
    return f"{asked.path}?{query}" if query else asked.path


def shape_of(value: Any) -> Any:
    """A document without its values: names, and what kind of value each is. Items of a list are of the kinds that occur."""
    match value:
        case Mapping():
            return {name: shape_of(each) for name, each in sorted(value.items())}
        case list():
            shapes = {json.dumps(shape_of(each), sort_keys=True) for each in value}
            return [json.loads(each) for each in sorted(shapes)]
        case bool() | None:
            return type(value).__name__
        case int() | float():
            return "number"
        case _:
            return type(value).__name__


class Recorder:
    """Listens between a cloud and its port."""

    def __init__(self, answer: Answer, unheard: Collection[str] = ()) -> None:
        """`unheard`: paths of which nothing is written down, for what is said there is over in an hour."""
        self._answer = answer
        self._unheard = unheard
        self._lock = threading.Lock()
        self.exchanges: list[Exchange] = []

    def __call__(self, asked: Asked) -> Reply:
        return self._heard(asked, self._answer(asked))

    def also(self, answer: Answer) -> Answer:
        """The same recording, of another port of the cloud."""
        return lambda asked: self._heard(asked, answer(asked))

    def _heard(self, asked: Asked, reply: Reply) -> Reply:
        if not asked.path.startswith(OWN) and asked.path not in self._unheard:
            with self._lock:
                self.exchanges.append(_exchange(asked, reply))
        return reply


class Replay:
    """A cloud that is a recording, on a port of loopback."""

    def __init__(self, exchanges: Iterable[Exchange], live: Mapping[str, Answer] | None = None) -> None:
        """`live`: what answers on paths that no recording has."""
        self._live = live or {}
        self._replies: dict[tuple[str, str], deque[Exchange]] = defaultdict(deque)
        for each in exchanges:
            self._replies[each.method, each.place].append(each)
        self._lock = threading.Lock()
        self._http = Loopback(self._answer, Faults())
        self.start, self.close = self._http.start, self._http.close
        self.asked: Counter[tuple[str, str]] = Counter()
        self.unknown: list[str] = []
        """What was asked here and not there."""
        self.otherwise: list[tuple[str, Any, Any]] = []
        """What was sent in another shape: where, the shape then, the shape now."""

    @property
    def url(self) -> str:
        return self._http.url

    def _answer(self, asked: Asked) -> Reply:
        place = asked.method, place_of(asked)
        if (live := self._live.get(asked.path)) is not None:
            return live(asked)
        with self._lock:
            self.asked[place] += 1
            left = self._replies.get(place)
            if left is None:
                self.unknown.append(" ".join(place))
                return Reply(NOT_RECORDED, {"errors": [{"code": NOT_RECORDED, "message": f"{place} is not recorded."}]})
            found = left.popleft() if len(left) > 1 else left[0]
            if (shape := _sent(asked)) != found.shape:
                self.otherwise.append((" ".join(place), found.shape, shape))
        text = found.content.replace(HERE, self.url)
        return Reply(found.status, base64.b64decode(found.content) if found.binary else text, found.kind, found.headers)


def encoded(exchanges: Iterable[Exchange], urls: Iterable[str], told: Mapping[str, Any]) -> str:
    """A recording as text, a line an exchange; `urls`: the addresses of the cloud, `told`: what the scenario gave."""
    lines = [json.dumps({"version": VERSION, "told": told}, sort_keys=True)]
    for each in exchanges:
        line = json.dumps(asdict(each), sort_keys=True)
        for url in urls:
            line = line.replace(url, HERE)
        lines.append(line)
    return "\n".join(lines) + "\n"


def decoded(text: str) -> tuple[dict[str, Any], list[Exchange]]:
    """What the scenario gave, and the exchanges. Raises ValueError for a recording of another version."""
    first, *lines = text.splitlines()
    head = json.loads(first)
    if head["version"] != VERSION:
        raise ValueError(f"The recording is of version {head['version']}; this one reads {VERSION}.")
    return head["told"], [Exchange(**json.loads(line)) for line in lines]


def _exchange(asked: Asked, reply: Reply) -> Exchange:
    content, binary = reply.content, isinstance(reply.content, bytes)
    if binary:
        content = base64.b64encode(content).decode()
    elif not isinstance(content, str):
        content = json.dumps(content)
    return Exchange(
        asked.method, place_of(asked), _sent(asked), reply.status, content, reply.kind, dict(reply.headers), binary
    )


def _sent(asked: Asked) -> Any:
    try:
        return shape_of(asked.document) if asked.body else None
    except ValueError:
        return "text"
