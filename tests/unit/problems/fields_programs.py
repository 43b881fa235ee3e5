"""Binary programs, to be made least and to be made most."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import product
from typing import Any

from hypothesis import strategies as st

from queuebit_problems.kind import Answer
from queuebit_problems.optimisation import Optimisation
from queuebit_problems.registry import optimisation_of
from tests.unit.problems.fields import Data, Field, total

numbers = st.sampled_from(
    [st.integers(-9, 9), st.integers(-9, 9), st.integers(-90, 90).map(lambda tenths: tenths / 10)]
)


class Most(Field):
    """The field whose statements seek the most."""

    @property
    def kind(self) -> Optimisation[Any]:
        kind = optimisation_of(self.name)
        return kind.as_stated(kind.parse({"sense": "max", "variables": [{"name": "x"}]}))


@st.composite
def programs(draw: st.DrawFn, sense: str) -> Data:
    value = draw(numbers)
    count = draw(st.integers(1, 4))
    places = st.integers(0, count - 1)
    variables = [{"name": f"x{i}", "lower": 0, "upper": 1} for i in range(count)]
    variables[0] |= draw(st.sampled_from([{}, {"lower": -2, "upper": 1}, {"lower": 1, "upper": 3}]))
    terms = st.dictionaries(places, value, max_size=count).map(lambda found: [[i, a] for i, a in found.items()])
    pairs = st.dictionaries(st.tuples(places, places).map(lambda pair: (min(pair), max(pair))), value, max_size=3)
    ones = st.sets(places, min_size=1).map(lambda found: [[i, 1] for i in sorted(found)])
    rows = draw(st.lists(st.one_of(st.tuples(terms, value), st.tuples(ones, st.just(1))), max_size=3))
    sides = [draw(st.sampled_from(["lower", "upper", "both"])) for _ in rows]
    return {
        "sense": sense,
        "variables": variables,
        "linear": draw(terms),
        "quadratic": [[i, j, q] for (i, j), q in sorted(draw(pairs).items())],
        "offset": draw(value),
        "constraints": [
            {"terms": row, **({side: end} if side != "both" else {"lower": end, "upper": end})}
            for (row, end), side in zip(rows, sides, strict=True)
        ],
    }


def _answers(data: Data) -> Iterable[Answer]:
    ranges = [range(one["lower"], one["upper"] + 1) for one in data["variables"]]
    names = [one["name"] for one in data["variables"]]
    return ({"values": dict(zip(names, values, strict=True))} for values in product(*ranges))


def _worth(data: Data, answer: Answer) -> Fraction | None:
    x = list(answer["values"].values())
    for row in data["constraints"]:
        found = sum((total([a]) * x[i] for i, a in row["terms"]), start=Fraction(0))
        lower, upper = row.get("lower"), row.get("upper")
        if (lower is not None and found < total([lower])) or (upper is not None and found > total([upper])):
            return None
    linear = sum((total([c]) * x[i] for i, c in data["linear"]), start=Fraction(0))
    products = sum((total([q]) * x[i] * x[j] for i, j, q in data["quadratic"]), start=Fraction(0))
    return total([data["offset"]]) + linear + products


FIELDS = [
    Field("binary_program", programs("min"), _answers, _worth, example=Fraction(7)),
    Most("binary_program", programs("max"), _answers, _worth, example=Fraction(7)),
]
