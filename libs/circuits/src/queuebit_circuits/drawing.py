"""Circuits drawn: as text and as SVG, without any dependency. What is drawn is plain values, so that any reader may draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, assert_never
from xml.sax.saxutils import escape

from queuebit_circuits.circuit import Barrier, Branch, Circuit, Gate, Measure, Operation, Reset, length_of, walk

COLUMNS_MAX = 400
"""So many columns are drawn; what follows is counted."""
STEP, ROW, MARGIN = 12, 36, 60
_CONTROLS = {
    **dict.fromkeys(("cx", "CX", "cy", "cz", "ch", "cp", "cphase", "crx", "cry", "crz", "cu", "cu1", "cu3", "csx", "cswap"), 1),
    "ccx": 2, "c3x": 3, "c4x": 4, "c3sqrtx": 3,
}  # fmt: skip
_STYLE = (
    "text{font-family:ui-monospace,monospace;font-size:11px;fill:#222}.q{stroke:#888}.v{stroke:#2f7fd0;stroke-width:1.5}"
    ".g{fill:#eaf2fb;stroke:#2f7fd0}.d{fill:#2f7fd0}.r{stroke:#999;stroke-dasharray:3 3}.b{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.b{fill:#181818}.g{fill:#1d2b3a}}"
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One operation: what stands on which wires. The first `controls` of the qubits are dots, the others boxes."""

    label: str
    qubits: tuple[int, ...]
    controls: int = 0
    barrier: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A circuit to be drawn. `wires` are the names of its qubits."""

    title: str
    wires: tuple[str, ...]
    operations: tuple[Drawn, ...]

    def text(self) -> str:
        """A line a qubit."""
        columns, left = self._columns()
        names = max(map(len, self.wires), default=0)
        rows = [[f"{name:>{names}}: ─"] for name in self.wires]
        for column in columns:
            cells = _cells(column, len(self.wires))
            width = max(len(cell) for cell in cells)
            for row, cell in zip(rows, cells, strict=True):
                row.append(cell.center(width, "─") + "─")
        return "\n".join([self.title, *("".join(row) for row in rows), *_more(left)])

    def svg(self) -> str:
        """A picture."""
        columns, left = self._columns()
        widths = [max(24, max((7 * len(each.label) + 10 for each in column), default=24)) for column in columns]
        width = MARGIN + sum(widths) + STEP * (len(columns) + 1)
        height = 40 + ROW * len(self.wires) + (20 if left else 0)
        size = f'width="{width}" height="{height}"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}" role="img">',
            f"<title>{escape(self.title)}</title><style>{_STYLE}</style>",
            f'<rect class="b" {size}/><text x="8" y="16">{escape(self.title)}</text>',
        ]
        for wire, name in enumerate(self.wires):
            y = _y(wire)
            parts.append(f'<text x="{MARGIN - 8}" y="{y + 4}" text-anchor="end">{escape(name)}</text>')
            parts.append(f'<line class="q" x1="{MARGIN}" y1="{y}" x2="{width - 8}" y2="{y}"/>')
        x = MARGIN + STEP
        for column, wide in zip(columns, widths, strict=True):
            for each in column:
                parts += _shape(each, x, wide)
            x += wide + STEP
        parts += [f'<text x="8" y="{height - 8}">{escape(each)}</text>' for each in _more(left)]
        return "\n".join([*parts, "</svg>", ""])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        """How a notebook shows it."""
        return {"text/plain": self.text(), "image/svg+xml": self.svg()}

    def _columns(self) -> tuple[list[list[Drawn]], int]:
        """Operations as early as their wires are free, and how many are left out."""
        columns: list[list[Drawn]] = []
        free = [0] * len(self.wires)
        left = 0
        for each in self.operations:
            span = range(min(each.qubits, default=0), max(each.qubits, default=-1) + 1)
            at = max((free[wire] for wire in span), default=0)
            if at >= COLUMNS_MAX:
                left += 1
                continue
            while len(columns) <= at:
                columns.append([])
            columns[at].append(each)
            for wire in span:
                free[wire] = at + 1
        return columns, left


def picture_of(circuit: Circuit, title: str) -> Picture:
    """A circuit as it was stated; a branch is one box, with how many operations stand in it."""
    wires = tuple(f"q{qubit}" for qubit in range(circuit.qubits))
    return Picture(title, wires, tuple(_drawn(each) for each in circuit.operations))


def shown(name: str, angles: Iterable[float]) -> str:
    """A gate by its name and angles."""
    values = ",".join(f"{angle:.3g}" for angle in angles)
    return f"{name}({values})" if values else name


def _drawn(operation: Operation) -> Drawn:
    match operation:
        case Gate(name, qubits, angles, slots):
            controls = _CONTROLS.get(name, 0)
            plain = name.lstrip("cC0123456789") if controls else name
            label = f"{plain}({','.join(f'${slot}' for slot in slots)})" if slots else shown(plain, angles)
            return Drawn(label, qubits, controls)
        case Measure(qubit, clbit):
            return Drawn(f"M→{clbit}", (qubit,))
        case Reset(qubit):
            return Drawn("|0⟩", (qubit,))
        case Barrier(qubits):
            return Drawn("░", qubits, barrier=True)
        case Branch(clbits, _, then, otherwise):
            inside = tuple(walk((*then, *otherwise)))
            touched = sorted({qubit for each in inside for qubit in _qubits(each)})
            bits = ",".join(map(str, clbits))
            return Drawn(f"if c{bits}: {length_of((*then, *otherwise))} ops", tuple(touched))
        case _:
            assert_never(operation)


def _qubits(operation: Operation) -> tuple[int, ...]:
    match operation:
        case Gate(_, qubits) | Barrier(qubits):
            return qubits
        case Measure(qubit) | Reset(qubit):
            return (qubit,)
        case Branch():
            return ()
        case _:
            assert_never(operation)


def _cells(column: Sequence[Drawn], wires: int) -> list[str]:
    cells = ["─"] * wires
    for each in column:
        for wire in range(min(each.qubits, default=0), max(each.qubits, default=-1) + 1):
            cells[wire] = "░" if each.barrier and wire in each.qubits else "│"
        for place, wire in enumerate(each.qubits):
            if not each.barrier:
                cells[wire] = "●" if place < each.controls else f"[{each.label}]"
    return cells


def _shape(each: Drawn, x: float, wide: float) -> Iterator[str]:
    middle = x + wide / 2
    if not each.qubits:
        return
    if each.barrier:
        for wire in each.qubits:
            yield f'<line class="r" x1="{middle}" y1="{_y(wire) - 14}" x2="{middle}" y2="{_y(wire) + 14}"/>'
        return
    if len(each.qubits) > 1:
        top, bottom = _y(min(each.qubits)), _y(max(each.qubits))
        yield f'<line class="v" x1="{middle}" y1="{top}" x2="{middle}" y2="{bottom}"/>'
    for place, wire in enumerate(each.qubits):
        if place < each.controls:
            yield f'<circle class="d" cx="{middle}" cy="{_y(wire)}" r="4"/>'
        else:
            yield f'<rect class="g" x="{x}" y="{_y(wire) - 12}" width="{wide}" height="24" rx="3"/>'
            yield f'<text x="{middle}" y="{_y(wire) + 4}" text-anchor="middle">{escape(each.label)}</text>'


def _y(wire: int) -> int:
    return 40 + ROW * wire


def _more(left: int) -> list[str]:
    return [f"and {left} more operations"] if left else []
