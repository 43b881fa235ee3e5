"""What the field computes: roundings of distances, least costs, covariances that exist, JSON that says one thing."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from queuebit_problems.errors import InvalidStatement, UnreadableFile
from queuebit_problems.files import read_problem
from queuebit_problems.registry import optimisation_of, parse_optimisation

HALF = "155.42 150.65\n155.42 328.15\n10.0 150.65"
"""A length of 177.5 as a decimal, just below it as doubles: TSPLIB's code, Concorde and LKH count 177."""


def _tour(metric: str, places: str) -> float:
    rows = "\n".join(f"{node} {place}" for node, place in enumerate(places.splitlines(), start=1))
    text = (
        f"NAME: a\nTYPE: TSP\nDIMENSION: {len(places.splitlines())}\nEDGE_WEIGHT_TYPE: {metric}\n"
        f"NODE_COORD_SECTION\n{rows}\nEOF\n"
    )
    kind, statement = parse_optimisation(read_problem(text, file_name="a.tsp"))
    return kind.objective(statement, {"tour": list(range(1, len(places.splitlines()) + 1))})


@pytest.mark.parametrize(
    ("metric", "length"),
    [("EUC_2D", 551), ("CEIL_2D", 554), ("FLOOR_2D", 551), ("EXACT_2D", 552.382909), ("MAN_2D", 645), ("MAX_2D", 499)],
)
def test_distances_are_rounded_as_the_field_does(metric: str, length: float) -> None:
    assert _tour(metric, HALF) == pytest.approx(length, abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_random_places_have_the_lengths_of_the_definition(seed: int) -> None:
    """TSPLIB 95, section 2: nint(sqrt(xd*xd + yd*yd)) in doubles; coordinates with a half in the way on purpose."""
    rng = random.Random(seed)
    places = [(rng.randrange(0, 4000) / 8, rng.randrange(0, 4000) / 100) for _ in range(6)]
    text = "\n".join(f"{x} {y}" for x, y in places)
    pairs = list(zip(places, [*places[1:], places[0]], strict=True))

    lengths = [math.sqrt((a - c) * (a - c) + (b - d) * (b - d)) for (a, b), (c, d) in pairs]
    assert _tour("EUC_2D", text) == sum(int(length + 0.5) for length in lengths)
    assert _tour("EXACT_2D", text) == pytest.approx(sum(lengths), abs=1e-8)


COSTS = "1\n2 3\n4 9 7\n8 3 6\n5 5 5\n5 5 5\n10 10\n"


@pytest.mark.parametrize(
    ("file_name", "params", "kind", "best"),
    [
        ("cost.txt", {"sense": "min"}, "generalised_assignment_cost", 13),
        ("cost.txt", {"sense": "max"}, "generalised_assignment", 24),
        ("cost.txt", None, "generalised_assignment", 24),
        ("gapa.txt", None, "generalised_assignment_cost", 13),
        ("c05100.txt", None, "generalised_assignment_cost", 13),
        ("gapd.txt", {"sense": "max"}, "generalised_assignment", 24),
    ],
)
def test_the_sense_of_a_generalised_assignment(
    file_name: str, params: dict[str, Any] | None, kind: str, best: int
) -> None:
    problem = read_problem(COSTS, file_name=file_name, kind="generalised_assignment", params=params)
    found, statement = parse_optimisation(problem)
    optimum = found.enumerated(statement)

    assert problem.kind == kind
    assert optimum is not None
    assert optimum.objective == best
    assert found.assumptions(statement)


def test_an_unknown_sense_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="sense should be min or max, not 'least'"):
        read_problem(COSTS, kind="generalised_assignment", params={"sense": "least"})


INDEFINITE: list[tuple[str, dict[str, Any], str]] = [
    ("a correlation beyond 1", {"covariances": [[0.01, -0.05], [-0.05, 0.02]]}, "/problem/statement/covariances/1/0"),
    (
        "three that all move against each other",
        {"covariances": [[1, -0.9, -0.9], [-0.9, 1, -0.9], [-0.9, -0.9, 1]]},
        "/problem/statement/covariances",
    ),
    (
        "the same as correlations",
        {"deviations": [0.02, 0.03, 0.01], "correlations": [[], [-0.9], [-0.9, -0.9]]},
        "/problem/statement/correlations",
    ),
    ("with what never varies", {"covariances": [[0, 0.5], [0.5, 1]]}, "/problem/statement/covariances/1/0"),
]


@pytest.mark.parametrize(("stated", "field"), [row[1:] for row in INDEFINITE], ids=[row[0] for row in INDEFINITE])
def test_what_is_no_covariance_matrix_is_refused(stated: dict[str, Any], field: str) -> None:
    kind = optimisation_of("portfolio")
    assets = len(stated.get("covariances") or stated["deviations"])

    with pytest.raises(InvalidStatement) as refused:
        kind.parse({"expected_returns": [0.1] * assets, **stated})

    assert [error.pointer for error in refused.value.fields] == [field]


@pytest.mark.parametrize("seed", range(20))
def test_covariances_of_samples_are_taken_however_few_those_are(seed: int) -> None:
    """Fewer samples than assets make a matrix of low rank, which six decimals may leave a little indefinite."""
    rng = random.Random(seed)
    assets, samples = rng.randint(2, 8), rng.randint(1, 4)
    rows = [[rng.gauss(0, 1) for _ in range(samples)] for _ in range(assets)]
    covariances = [[round(sum(map(float.__mul__, a, b)), 6) for b in rows] for a in rows]

    statement = optimisation_of("portfolio").parse({"expected_returns": [0.1] * assets, "covariances": covariances})

    assert statement.model_dump(mode="json")["covariances"] == covariances


@pytest.mark.parametrize(
    "text",
    [
        '{"kind":"knapsack","version":1,"statement":{"capacity":5,"capacity":50,"profits":[1,2],"weights":[3,4]}}',
        '{"kind":"knapsack","kind":"maxcut","statement":{}}',
        '{"problem":{"kind":"tsp","statement":{"a":[{"b":1,"b":1}]}}}',
    ],
)
def test_a_name_that_stands_twice_is_refused(text: str) -> None:
    with pytest.raises(UnreadableFile, match="twice in one JSON object"):
        read_problem(text)
