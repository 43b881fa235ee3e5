"""Ising models as users state them, and dimod's quadratic models: both become terms over bits, exactly.

E(s) = offset + sum of h_i s_i + sum of J_ij s_i s_j over spins s in {-1,+1}^n is minimised, with x_i = (1 - s_i) / 2: the
bit is 1 where the spin is -1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Strict, ValidationInfo

from queuebit_problems.checks import Place, raise_faults
from queuebit_problems.encoding.qubo import Exact, QuboBuilder, exact
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.kind import Statement
from queuebit_problems.numeric import VALUE_MAX, Index, Real, number

SPINS_MAX = 10_000
COUPLINGS_MAX = 1_000_000
BQM = "BinaryQuadraticModel"
_REMEDY = "Write it with json.dumps(bqm.to_serializable(use_bytes=False))."

Fields = tuple[tuple[Index, Real], ...]
Couplings = tuple[tuple[Index, Index, Real], ...]


def _sparse(fields: Any) -> Any:
    """A list of one number for each spin becomes pairs; everything else is left to the checks that follow."""
    if isinstance(fields, list | tuple) and fields and not any(isinstance(item, list | tuple) for item in fields):
        return list(enumerate(fields))
    return fields


def _each_spin_once(fields: Fields, info: ValidationInfo) -> Fields:
    if "spins" in info.data:
        raise_faults("ising", _field_faults(fields, info.data["spins"]))
    return fields


def _field_faults(fields: Fields, spins: int) -> Iterator[tuple[Place, str, str]]:
    seen = set[int]()
    for place, (i, _) in enumerate(fields):
        if i >= spins:
            yield (place,), "spin", f"should be of a spin from 0 to {spins - 1}"
        elif i in seen:
            yield (place,), "duplicate", f"repeats spin {i}; state its fields added"
        seen.add(i)


def _each_pair_once(couplings: Couplings, info: ValidationInfo) -> Couplings:
    if "spins" in info.data:
        raise_faults("ising", _coupling_faults(couplings, info.data["spins"]))
    return couplings


def _coupling_faults(couplings: Couplings, spins: int) -> Iterator[tuple[Place, str, str]]:
    seen = set[tuple[int, int]]()
    for place, (i, k, _) in enumerate(couplings):
        pair = (i, k) if i <= k else (k, i)
        if pair[1] >= spins:
            yield (place, 0 if i >= spins else 1), "spin", f"should be a spin from 0 to {spins - 1}"
        elif i == k:
            yield (place,), "loop", f"couples spin {i} with itself, which is the constant 1; add it to the offset"
        elif pair in seen:
            yield (place,), "duplicate", f"repeats the pair {pair[0]}, {pair[1]}; list each pair once, couplings added"
        seen.add(pair)


class IsingStatement(Statement):
    """Minimise offset + sum of h_i s_i + sum of J_ij s_i s_j over spins of -1 or +1. Spins count from 0."""

    spins: Annotated[int, Strict(), Field(ge=1, le=SPINS_MAX)]
    h: Annotated[Fields, BeforeValidator(_sparse), AfterValidator(_each_spin_once)] = ()
    couplings: Annotated[Couplings, AfterValidator(_each_pair_once), Field(alias="J", max_length=COUPLINGS_MAX)] = ()
    offset: Real = 0

    def as_qubo(self) -> dict[str, Any]:
        """The same as a statement over bits. Raises ValidationError where it needs numbers that JSON cannot state exactly."""
        fields = ((i, exact(value)) for i, value in self.h)
        couplings = ((i, k, exact(value)) for i, k, value in self.couplings)
        return over_bits(self.spins, fields, couplings, exact(self.offset))


def over_bits(
    spins: int, fields: Iterable[tuple[int, Exact]], couplings: Iterable[tuple[int, int, Exact]], offset: Exact
) -> dict[str, Any]:
    """The statement over bits that has the energy of the spins: s_i = 1 - 2 x_i."""
    builder = QuboBuilder(spins, offset)
    for i, value in fields:
        builder.add_offset(value)
        builder.add_linear(i, -2 * value)
    for i, k, value in couplings:
        builder.add_offset(value)
        builder.add_linear(i, -2 * value)
        builder.add_linear(k, -2 * value)
        builder.add(i, k, 4 * value)
    found = builder.build()
    terms: dict[tuple[int, int], Exact] = {(i, i): value for i, value in found.linear.items()}
    terms |= found.quadratic
    values: list[Exact] = [found.offset, *terms.values()]
    for value in values:
        if not -VALUE_MAX <= value <= VALUE_MAX or exact(number(value)) != value:
            message = f"add up to {float(value):g} over bits, which no number of at most 1e15 states exactly"
            raise_faults("ising", [(("J",), "number", message)])
    return {
        "variables": spins,
        "terms": [(i, k, number(value)) for (i, k), value in sorted(terms.items())],
        "offset": number(found.offset),
    }


def statement_of_bqm(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """The statement of dimod's serialised quadratic model; None for any other document. Raises UnreadableFile.

    Of spins it is an Ising statement, of bits a QUBO. Variables count as in the document, whatever their labels.
    """
    if document.get("type") != BQM:
        return None
    keys = ("linear_biases", "quadratic_biases", "quadratic_head", "quadratic_tail")
    lists = [document.get(key) for key in keys]
    linear, quadratic, head, tail = [part if isinstance(part, list) else [] for part in lists]
    if document.get("use_bytes") or not all(isinstance(part, list) for part in lists):
        raise UnreadableFile(
            f"The model of dimod should state {', '.join(keys)} as lists; one of them is missing or no list.",
            remedy=_REMEDY,
        )
    if document.get("num_variables") != len(linear) or not len(quadratic) == len(head) == len(tail):
        raise UnreadableFile(
            "In the model of dimod, linear_biases is not as long as num_variables says, or quadratic_biases,"
            " quadratic_head and quadratic_tail are not of one length.",
            remedy=_REMEDY,
        )
    pairs = [list(pair) for pair in zip(head, tail, quadratic, strict=True)]
    own = [[i, value] for i, value in enumerate(linear) if value]
    match document.get("variable_type"):
        case "SPIN":
            return {"spins": len(linear), "h": own, "J": pairs, "offset": document.get("offset", 0)}
        case "BINARY":
            terms = [[i, i, value] for i, value in own] + pairs
            return {"variables": len(linear), "terms": terms, "offset": document.get("offset", 0)}
        case other:
            raise UnreadableFile(f"variable_type should be SPIN or BINARY, not {str(other)[:40]!r}.", remedy=_REMEDY)
