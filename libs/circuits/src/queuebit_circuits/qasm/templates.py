"""Texts that differ by numbers alone, read once: the circuit of their structure, into which the numbers of each are filled.

A text is taken apart into its skeleton and the numbers in it: those that stand alone as an angle of a gate on elements of
registers, as in `rz(0.5) q[2];`, and the values of its inputs. A skeleton that comes again is read with two sets of other
numbers. Where the angles of the circuit are those numbers, in places that do not change, and nothing else is different, it is a
template; for others, and for whatever could decide by a number what is done, each text is read as a whole.
"""

from __future__ import annotations

import math
import random
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from queuebit_circuits.circuit import Bound, Branch, Circuit, Operation, opened
from queuebit_circuits.errors import UnreadableCircuit

TEXT_LENGTH_MAX = 100_000
OPERATIONS_MAX = 5_000
TEMPLATES_MAX = 64
SEEN_MAX = 1_024
PROBE_SEED = 20_240_603

_NUMBER = r"-?(?:[0-9]{1,30}\.[0-9]{0,30}|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?"
_NUMBERS = re.compile(rf"\(\s*{_NUMBER}(?:\s*,\s*{_NUMBER})*\s*\)(?=\s*[^\W\d]\w*\[)")
_ONE = re.compile(_NUMBER)
_DECIDING = re.compile(
    r"@|\b(?:if|while|for|def|switch|int|uint|bool|angle|const|defcal|extern)\b|(?<!input )\bfloat\b"
    r"|\b(?:floor|ceiling|mod|sqrt|pow|exp|ln|log|(?:arc|a)(?:sin|cos|tan)|popcount|rotl|rotr)\b|\*\*"
    r"|[<!&|^~%]|(?<!-)>|=="
)
"""By these a number may decide about more than an angle, or be computed with: also by what gives some numbers themselves, or
the same for many, and others not, as the root of a square and what is rounded.
"""
_HOLE = "\0"

Read = Callable[[str, Mapping[str, float]], Circuit]
Key = tuple[str, tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Parts:
    """A text without its numbers, and the numbers: those of the text, then those of its inputs in the order of their names."""

    skeleton: str
    names: tuple[str, ...]
    numbers: tuple[float, ...]

    @classmethod
    def of(cls, text: str, inputs: Mapping[str, float]) -> Parts | None:
        """None where it cannot be a template, or has no number that could be another."""
        if len(text) > TEXT_LENGTH_MAX or _HOLE in text or _DECIDING.search(text):
            return None
        names = tuple(sorted(inputs))
        numbers: list[float] = []

        def taken(match: re.Match[str]) -> str:
            numbers.append(float(match[0]))
            return _HOLE

        skeleton = _NUMBERS.sub(lambda match: _ONE.sub(taken, match[0]), text)
        numbers += [inputs[name] for name in names]
        if not numbers or not all(type(each) is float and math.isfinite(each) for each in numbers):
            return None
        return cls(skeleton, names, tuple(numbers))

    def read(self, read: Read, numbers: Sequence[float]) -> Circuit:
        """The circuit with other numbers, read as a whole. Raises UnreadableCircuit."""
        *pieces, last = self.skeleton.split(_HOLE)
        text = "".join(f"{piece}{number!r}" for piece, number in zip(pieces, numbers, strict=False)) + last
        return read(text, dict(zip(self.names, numbers[len(pieces) :], strict=True)))


@dataclass(frozen=True, slots=True)
class Template:
    """A circuit with a slot for each angle; `sources` says of each which number it is, or the angle itself where it is none."""

    circuit: Circuit
    sources: tuple[int | float, ...]

    @classmethod
    def of(cls, parts: Parts, read: Read) -> Template | None:
        """None where the structure, or an angle that is none of the numbers, depends on them."""
        generator = random.Random(PROBE_SEED)
        one, other = (
            [generator.choice((-1, 1)) * generator.uniform(0.1, 3.0) for _ in parts.numbers] for _ in range(2)
        )
        try:
            found, again = parts.read(read, one), parts.read(read, other)
        except UnreadableCircuit:
            return None
        place_of = {number: place for place, number in enumerate(one)}
        bound = opened(found)
        made = cls(bound.circuit, tuple(place_of.get(angle, angle) for angle in bound.angles))
        small = len(found.operations) <= OPERATIONS_MAX and not any(_is_branch(each) for each in found.operations)
        return made if small and made.filled(other) == again else None

    def filled(self, numbers: Sequence[float]) -> Circuit:
        angles = tuple(numbers[each] if type(each) is int else float(each) for each in self.sources)
        return Bound(self.circuit, angles).filled


class Templates:
    """The structures that came last. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: OrderedDict[Key, Template | None] = OrderedDict()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self.filled = 0
        """How many circuits were not read as a whole."""

    def circuit(self, text: str, inputs: Mapping[str, float], use: str, read: Read) -> Circuit:
        """What `read` makes of the text. Raises UnreadableCircuit."""
        parts = Parts.of(text, inputs)
        if parts is None:
            return read(text, inputs)
        key = (parts.skeleton, parts.names, use)
        with self._lock:
            known = key in self._made
            template = self._made.get(key)
            again = hash(key) in self._seen
            self._seen[hash(key)] = None
            if len(self._seen) > SEEN_MAX:
                self._seen.popitem(last=False)
        if template is not None:
            with self._lock:
                self.filled += 1
            return template.filled(parts.numbers)
        circuit = read(text, inputs)
        if again and not known:
            made = Template.of(parts, read)
            self._keep(key, made if made is not None and made.filled(parts.numbers) == circuit else None)
        return circuit

    def _keep(self, key: Key, template: Template | None) -> None:
        with self._lock:
            self._made[key] = template
            if len(self._made) > TEMPLATES_MAX:
                self._made.popitem(last=False)


def _is_branch(operation: Operation) -> bool:
    return isinstance(operation, Branch)
