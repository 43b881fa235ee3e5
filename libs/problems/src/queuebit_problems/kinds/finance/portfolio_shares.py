"""What the assets of a portfolio add to its risk, and what their returns take off."""

from __future__ import annotations

from queuebit_problems.kind import Answer
from queuebit_problems.kinds.finance.portfolio_statement import PortfolioStatement
from queuebit_problems.numeric import integers
from queuebit_problems.shares import Part, Room, Shares


def chosen_shares(statement: PortfolioStatement, answer: Answer) -> Shares:
    """Of a choice: the risk of each asset with all that are chosen, and its return."""
    table, unit = statement.covariance
    (factor, *returns), return_unit = integers([statement.risk_factor, *statement.expected_returns])
    chosen = [i for i, bit in enumerate(answer["select"]) if bit]
    risks = [factor * sum(table[i][j] for j in chosen) for i in chosen]
    gains = [-returns[i] * unit for i in chosen]
    parts = [
        Part(name, amounts, unit * return_unit, lambda k: f"asset {chosen[k]}")
        for name, amounts in (("risk", risks), ("return", gains))
    ]
    return Shares(parts)


def weighted_shares(statement: PortfolioStatement, answer: Answer) -> Shares:
    """Of weights: the variance that each asset adds, and how much more they return than they must."""
    table, unit = statement.covariance
    weights, weight_unit = integers(answer["weights"])
    risks = [w * sum(map(int.__mul__, row, weights)) for row, w in zip(table, weights, strict=True)]
    rooms = list[Room]()
    if statement.min_return is not None:
        (least, *returns), return_unit = integers([statement.min_return, *statement.expected_returns])
        reached = sum(map(int.__mul__, returns, weights))
        rooms.append(Room("return", reached, least * weight_unit, return_unit * weight_unit, at_least=True))
    return Shares([Part("risk", risks, unit * weight_unit**2, lambda i: f"asset {i}")], rooms)
