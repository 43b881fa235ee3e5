"""Portfolios by mean and variance: choose exactly so many assets, or divide one unit of money among them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from queuebit_contracts.errors import FieldError
from queuebit_contracts.jobs import Number
from queuebit_problems.checks import FAULTS_MAX, bits_errors
from queuebit_problems.encoding.enumeration import Enumerated
from queuebit_problems.encoding.qubo import QuboBuilder, exact
from queuebit_problems.errors import TooManyQubits
from queuebit_problems.formats.divisions import read_shares
from queuebit_problems.formats.glance import shape_of
from queuebit_problems.formats.portlib import read_counted, read_indexed
from queuebit_problems.formats.solutions import read_bits
from queuebit_problems.formats.text import Rows
from queuebit_problems.kind import Answer, Params, Size, Solution, Violation
from queuebit_problems.kinds.finance.portfolio_model import choice_model, weighted, weights_model
from queuebit_problems.kinds.finance.portfolio_search import Choice, exchanged, least, repaired, searched
from queuebit_problems.kinds.finance.portfolio_shares import chosen_shares, weighted_shares
from queuebit_problems.kinds.finance.portfolio_statement import TOLERANCE, WEIGHT_UNITS, PortfolioStatement, in_units
from queuebit_problems.numeric import integers, number, number_below
from queuebit_problems.optimisation import CpReading, Encoding, Group, Optimisation
from queuebit_problems.shares import Shares

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


QUBITS_MAX = 1_000
ENUMERATED_CHOICES_MAX = 200_000


class Portfolio(Optimisation[PortfolioStatement]):
    name = "portfolio"
    admission_is_linear = True
    title = "Portfolio by mean and variance"
    sense = "min"
    answer_shape = '{"select": [0|1 of each asset]} with a budget, else {"weights": [share of each asset]}'
    formats = (
        "OR-Library port: `assets`, then `mean deviation` of each, then `i j correlation`, assets from 1",
        "X_return_sd.txt: `i mean deviation`, with X_correlation.txt beside it: `i j correlation`",
        "JSON: expected_returns, covariances, risk_factor, budget",
    )
    params = {
        "min_return": "what the weights must return at least",
        "budget": "choose exactly so many assets instead of weights",
        "risk_factor": "how much variance counts against return in a choice",
    }
    statement = PortfolioStatement

    def companion(self, file_name: str) -> str | None:
        """The correlations beside a file of returns and deviations."""
        name = PurePath(file_name).name
        return name.replace("_return_sd", "_correlation") if "_return_sd" in name else None

    def from_document(self, document: Mapping[str, Any], *, params: Params | None = None) -> Mapping[str, Any] | None:
        """The JSON form of a choice; what says where it is from is left out."""
        del params
        if not document.keys() >= {"expected_returns", "covariances"}:
            return None
        about = {"name", "derived_from", "assets_1_based", "objective"}
        return {key: value for key, value in document.items() if key not in about}

    def read(self, text: str, *, file_name: str = "", params: Params | None = None) -> PortfolioStatement:
        rows = Rows(text, file_name=file_name, remedy=f"Portfolio reads {'; or '.join(self.formats)}.")
        first = rows.take("the number of assets, or `1 mean deviation`")
        head, correlations = read_indexed(rows, first) if len(first.tokens) == 3 else read_counted(rows, first)
        wanted = {key: params[key] for key in self.params if params and key in params}
        return self.parse(
            {
                "expected_returns": [mean for mean, _ in head],
                "deviations": [deviation for _, deviation in head],
                "correlations": correlations,
                **wanted,
            }
        )

    def recognises(self, text: str) -> bool:
        shape = shape_of(text)
        if not shape.lines or not shape.numeric:
            return False
        if len(shape.counts) == 3:
            numbered = [line[0] for line in shape.head[:2]] == ["1", "2"]
            return numbered and "." in shape.head[0][1] and set(shape.widths) == {3}
        n, body = shape.counts[0] or 0, shape.widths[1:]
        pairs = body.count(2)
        return len(shape.counts) == 1 and n > 0 < pairs < len(body) and body == [2] * pairs + [3] * (len(body) - pairs)

    def size(self, statement: PortfolioStatement) -> Size:
        """Weights are continuous: no number of qubits states them, and more than are written down is given."""
        n = len(statement.expected_returns)
        return Size(n, QUBITS_MAX + 1 if statement.budget is None else n, n * (n + 1) // 2)

    def answer_errors(self, statement: PortfolioStatement, answer: Answer) -> list[FieldError]:
        n = len(statement.expected_returns)
        if statement.budget is not None:
            return bits_errors(answer, "select", n)
        if "weights" not in answer:
            return [FieldError("/weights", "missing", f"is missing; it should be a list of {n} shares")]
        weights = answer["weights"]
        if not isinstance(weights, list | tuple):
            return [FieldError("/weights", "list_type", "should be a list")]
        if len(weights) != n:
            return [FieldError("/weights", "length", f"should have {n} values, not {len(weights)}")]
        wrong = [i for i, w in enumerate(weights) if type(w) not in (int, float) or not -1000 <= w <= 1000]
        return [FieldError(f"/weights/{i}", "share", "should be a number from 0 to 1") for i in wrong[:FAULTS_MAX]]

    def objective(self, statement: PortfolioStatement, answer: Answer) -> Number:
        """Of a choice: risk_factor x'Sx - returns'x. Of weights: their variance, as their decimals state it."""
        if statement.budget is not None:
            choice, unit = statement.choice
            return number(Fraction(choice.value(_chosen(answer)), unit))
        table, unit = statement.covariance
        weights, weight_unit = integers(answer["weights"])
        variance = sum(w * sum(map(int.__mul__, row, weights)) for row, w in zip(table, weights, strict=True) if w)
        return number(Fraction(variance, unit * weight_unit**2))

    def violations(self, statement: PortfolioStatement, answer: Answer) -> list[Violation]:
        if statement.budget is not None:
            count = len(_chosen(answer))
            if count == statement.budget:
                return []
            detail = f"{count} assets are chosen, not {statement.budget}"
            return [Violation("budget", detail, abs(count - statement.budget))]
        weights = [Fraction(exact(w)) for w in answer["weights"]]
        found = [
            Violation("short", f"asset {i} has the negative weight {float(w):g}", number(-w))
            for i, w in enumerate(weights)
            if w < 0
        ][:FAULTS_MAX]
        missed = abs(sum(weights, start=Fraction(0)) - 1)
        if missed > TOLERANCE:
            found.append(
                Violation("not_invested", f"the weights add up to {float(sum(weights)):.12g}, not 1", number(missed))
            )
        if statement.min_return is not None:
            gains = [Fraction(exact(gain)) for gain in statement.expected_returns]
            reached = sum((w * gain for w, gain in zip(weights, gains, strict=True)), start=Fraction(0))
            short = Fraction(exact(statement.min_return)) - reached
            if short > TOLERANCE:
                detail = f"the weights return {float(reached):.9g}, less than {statement.min_return}"
                found.append(Violation("low_return", detail, number(short)))
        return found

    def shares(self, statement: PortfolioStatement, answer: Answer) -> Shares:
        """What each asset adds to the risk and takes off by its return, and how far the constraints are kept."""
        return chosen_shares(statement, answer) if statement.budget is not None else weighted_shares(statement, answer)

    def solution(self, statement: PortfolioStatement, text: str, *, file_name: str = "") -> Solution | None:
        n = len(statement.expected_returns)
        return read_shares(text, n, file_name) if statement.budget is None else read_bits(text, "select", n)

    def parts(self, statement: PortfolioStatement, answer: Answer) -> list[str] | None:
        """The chosen assets; weights are not compared."""
        if statement.budget is None:
            return None
        return [f"asset {i}" for i in _chosen(answer) if i < len(statement.expected_returns)]

    def with_change_cost(
        self, statement: PortfolioStatement, parts: frozenset[str], cost: Number
    ) -> PortfolioStatement:
        """What is newly chosen returns so much less."""
        returns = tuple(
            value if f"asset {i}" in parts else number(exact(value) - exact(cost))
            for i, value in enumerate(statement.expected_returns)
        )
        return statement.model_copy(update={"expected_returns": returns})

    def encoding(self, statement: PortfolioStatement) -> Encoding:
        """A qubit an asset, and a penalty on the square of how far the number chosen is from the budget.

        A penalty is more than a known choice is above the least that the form takes on any bits: every minimum is an optimal
        choice. Raises TooManyQubits for weights, which are continuous.
        """
        n = len(statement.expected_returns)
        if statement.budget is None:
            raise TooManyQubits(
                "The weights of a portfolio are continuous: no QUBO states them exactly.",
                remedy="Use the classical lane, or state a budget of assets to choose.",
            )
        choice, unit = statement.choice
        builder = QuboBuilder(n)
        negative = 0
        for i, own in enumerate(choice.own):
            builder.add_linear(i, Fraction(own, unit))
            negative += min(0, own)
            for j in range(i):
                builder.add(i, j, Fraction(choice.pair[i][j], unit))
                negative += min(0, choice.pair[i][j])
        known = choice.value(exchanged(choice, repaired(choice, [])))
        margin = max(1, *map(abs, choice.own))
        budget = Group(tuple(range(n)), Fraction(known - negative + margin, unit), choice.budget)
        builder.add_squared(dict.fromkeys(budget.variables, 1), -budget.count, budget.penalty)
        return Encoding(
            builder.build(), lambda bits: {"select": list(bits)}, lambda answer: list(answer["select"]), (budget,)
        )

    def cp_model(self, statement: PortfolioStatement, model: cp_model.CpModel) -> CpReading:
        """Of a choice: a Boolean an asset and one a pair. Of weights: whole ten-thousandths against tangents of the variance.

        Whole numbers cannot state weights exactly: that model gives answers, but no bound.
        """
        return weights_model(statement, model) if statement.budget is None else choice_model(statement, model)

    def heuristic(self, statement: PortfolioStatement, seed: int) -> Answer | None:
        """Of a choice: greedy and random choices, improved by exchanges. Of weights: the optimum as far as floats go."""
        if statement.budget is not None:
            choice, _ = statement.choice
            return _selected(choice, searched(choice, random.Random(seed)))
        return weighted(statement.solved, WEIGHT_UNITS)

    def improve(self, statement: PortfolioStatement, answer: Answer) -> Answer:
        """Of a choice: drop or add what costs least, then exchanges. Of weights: the optimum."""
        if statement.budget is not None:
            choice, _ = statement.choice
            return _selected(choice, exchanged(choice, repaired(choice, _chosen(answer))))
        best = weighted(statement.solved, WEIGHT_UNITS)
        keeps = not self.violations(statement, answer)
        worse = keeps and self.objective(statement, best) > self.objective(statement, answer)
        return {"weights": list(answer["weights"])} if worse else best

    def default_answer(self, statement: PortfolioStatement) -> Answer | None:
        """The assets of the highest returns; or equal weights, moved to the one of the highest return as far as is asked."""
        returns = [exact(value) for value in statement.expected_returns]
        order = sorted(range(len(returns)), key=lambda i: (-returns[i], i))
        if statement.budget is not None:
            return _selected(statement.choice[0], order[: statement.budget])
        top, mean = returns[order[0]], Fraction(sum(returns), len(returns))
        asked = mean if statement.min_return is None else Fraction(exact(statement.min_return))
        share = Fraction(0) if asked <= mean else Fraction(asked - mean) / (top - mean)
        weights = [float((1 - share) / len(returns) + (share if i == order[0] else 0)) for i in range(len(returns))]
        return weighted(in_units(weights, WEIGHT_UNITS), WEIGHT_UNITS)

    def trivial_bound(self, statement: PortfolioStatement) -> Number:
        """Of a choice: each asset with its least pairs. Of weights: the tangent of the variance at the solution."""
        if statement.budget is None:
            return number_below(statement.bound)
        choice, unit = statement.choice
        return number_below(Fraction(choice.bound(), 2 * unit))

    def enumerated(self, statement: PortfolioStatement) -> Enumerated | None:
        """Choices, where there are at most 200,000 of them."""
        if not self.enumerates(statement):
            return None
        choice, unit = statement.choice
        value, chosen, count = least(choice)
        return Enumerated(_selected(choice, chosen), number(Fraction(value, unit)), count)

    def enumerates(self, statement: PortfolioStatement) -> bool:
        n, budget = len(statement.expected_returns), statement.budget
        return budget is not None and math.comb(n, budget) <= ENUMERATED_CHOICES_MAX

    def example(self) -> PortfolioStatement:
        """Three assets, two to choose; the first and the last, which hardly move together, are best at -0.25."""
        covariances = ((0.1, 0.1, 0), (0.1, 0.3, 0.1), (0, 0.1, 0.2))
        return PortfolioStatement(expected_returns=(0.25, 0.5, 0.3), covariances=covariances, budget=2)


def _chosen(answer: Answer) -> list[int]:
    return [i for i, bit in enumerate(answer["select"]) if bit]


def _selected(choice: Choice, chosen: Sequence[int]) -> Answer:
    return {"select": [int(i in chosen) for i in range(len(choice.own))]}


KIND = Portfolio()
