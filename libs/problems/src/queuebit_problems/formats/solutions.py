"""Published solutions: TSPLIB tours, CVRPLIB routes, QAPLIB permutations, DIMACS labels, rows of bits, and what they claim."""

from __future__ import annotations

import re
from collections.abc import Sequence

from queuebit_contracts.jobs import Number
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.formats.text import count_of, parse_number
from queuebit_problems.kind import Solution

_ROUTE = re.compile(r"route\s*#?\s*[0-9]+\s*:\s*(.*)", re.IGNORECASE)
_COST = re.compile(r"\s*+cost\s*+[:=]?\s*+([0-9.eE+-]+)\s*", re.IGNORECASE)
_CLAIMS = re.compile(
    r"\s*(?:=obj=|objective(?=\s+[-+0-9])|#?\s*objective value\s*[:=]|(?:optimal|stopped on [a-z ]{1,30}) - objective value)"
    r"\s*([0-9.eE+-]+)",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(
    r"\s*(?:=\w|solution status|model status|optimal|feasible|columns|rows|primal|dual)", re.IGNORECASE
)
WHOLE_WITHIN = 1e-5
"""Solvers write whole numbers as they found them, to within their tolerance."""
_KNOWN: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (re.compile(r"^TOUR_SECTION", re.MULTILINE), "a TSPLIB tour", ("tsp",)),
    (re.compile(r"^route[ #]*[0-9]+ *:", re.MULTILINE | re.IGNORECASE), "routes of CVRPLIB", ("cvrp", "vrptw")),
    (re.compile(r"^l [0-9]+ [0-9]+ *$", re.MULTILINE), "a DIMACS colouring", ("graph_colouring",)),
    (re.compile(r"^v [0-9]+ *$", re.MULTILINE), "a DIMACS set of nodes", ("max_clique", "max_independent_set")),
    (re.compile(r"\A\s*(?:<\?xml[^>]*>\s*)?<CPLEXSolution"), "a solution in the XML of CPLEX", ()),
    (re.compile(r"\A(?:c )?Problem: ", re.MULTILINE), "a report of GLPK", ()),
    (re.compile(r"^v [-+x]", re.MULTILINE), "a solution of a SAT or pseudo-Boolean competition", ()),
)
"""Solution files that the field knows: how they look, what they are, and the kinds that read them."""
GLANCE_LENGTH = 10_000
_SECTION = re.compile(r"^[ \t]*+TOUR_SECTION[ \t]*+:?", re.MULTILINE | re.IGNORECASE)
_LENGTH = re.compile(r"length\s*+[=:(]?\s*+([0-9]+(?:\.[0-9]+)?)", re.IGNORECASE)


def read_tour(text: str, nodes: int, file_name: str) -> Solution:
    """TSPLIB's TOUR_SECTION, nodes from 1; or Concorde's `nodes` and the tour, nodes from 0. It may end where it began."""
    section = _SECTION.search(text)
    if section is not None:
        head, tokens = text[: section.start()], text[section.end() :].split()
        end = next((place for place, token in enumerate(tokens) if token in ("-1", "EOF")), len(tokens))
        length = _LENGTH.search(head)
        tour = _counts(tokens[:end], file_name, "a node of the tour")
        if len(tour) == nodes + 1 and tour[0] == tour[-1]:
            tour.pop()
        return Solution({"tour": tour}, None if length is None else parse_number(length[1]))
    numbers = _counts(text.split(), file_name, "a node of the tour")
    if numbers[:1] == [nodes] and len(numbers) == nodes + 1 and 0 in numbers[1:]:
        return Solution({"tour": [node + 1 for node in numbers[1:]]})
    if len(numbers) == nodes:
        return Solution({"tour": [node + (0 in numbers) for node in numbers]})
    raise _refused(file_name, f"a tour should have TOUR_SECTION, or {nodes} nodes", "State a TSPLIB tour (.opt.tour).")


def read_routes(text: str, file_name: str) -> Solution:
    """CVRPLIB's `Route #1: …`, which leaves the depot out: customer k is node k + 1, and a depot that stands at both ends is 0.
    `Cost …` claims a length.
    """
    routes: list[list[int]] = []
    claimed: Number | None = None
    for line in text.splitlines():
        route, cost = _ROUTE.fullmatch(line.strip()), _COST.fullmatch(line)
        if route is not None:
            customers = _counts(route[1].replace(",", " ").split(), file_name, "a customer")
            if len(customers) > 1 and customers[0] == customers[-1] == 0:
                customers = customers[1:-1]
            routes.append([customer + 1 for customer in customers])
        elif cost is not None:
            claimed = parse_number(cost[1])
        elif line.strip() and not routes:
            continue  # what some sets write above the routes
    if not routes:
        raise _refused(file_name, "no line reads `Route #1: …`", "State the routes as CVRPLIB does, customers from 1.")
    return Solution({"routes": routes}, claimed)


def read_permutation(text: str, size: int, file_name: str) -> tuple[list[int], Number]:
    """QAPLIB's .sln: `n value`, then a permutation from 1. (the permutation from 0, the value)."""
    tokens = text.replace(",", " ").split()
    if len(tokens) != size + 2 or count_of(tokens[0]) != size:
        raise _refused(
            file_name, f"a solution should read `{size} value`, then {size} numbers", "State it as QAPLIB does."
        )
    value = parse_number(tokens[1])
    if value is None:
        raise _refused(file_name, f"the value {tokens[1][:40]!r} is no number", "State it as QAPLIB does.")
    places = _counts(tokens[2:], file_name, "a place")
    if sorted(places) != list(range(1, size + 1)):
        raise _refused(file_name, f"the permutation does not hold each of 1 to {size} once", "Correct it.")
    return [place - 1 for place in places], value


def read_bits(text: str, key: str, count: int) -> Solution | None:
    """As many 0s and 1s as there are variables, and nothing else; None for any other text."""
    tokens = text.split()
    bits = list(tokens[0]) if len(tokens) == 1 else tokens
    if len(bits) != count or set(bits) - {"0", "1"}:
        return None
    return Solution({key: [int(bit) for bit in bits]})


def read_named_values(text: str, names: Sequence[str], file_name: str) -> Solution:
    """Solutions of programs, a line `name value` for each variable, as MIPLIB, Gurobi, SCIP and CBC write them (perhaps with a
    count before, and a cost after), or HiGHS beneath `# Columns`. What is not named is 0. `=obj= 12`, `# Objective value = 12`
    and the like claim a value.
    """
    values, claimed, known = dict.fromkeys(names, 0), None, set(names)
    of_rows, of_all = False, text.startswith("Model status")
    for line, content in enumerate(text.splitlines(), start=1):
        if content.startswith("# Dual"):
            break
        of_all = of_all and not content.startswith("# Columns")
        of_rows = content.startswith("# Rows") or (of_rows and not content.startswith("# Columns"))
        if of_rows:
            continue
        words = content.split()
        claim = _CLAIMS.match(content)
        if claim is not None and (of_all or words[0] not in known):
            claimed = parse_number(claim[1])
            continue
        at = next((place for place, word in enumerate(words[:2]) if word in known), None)
        if at is None or len(words) < at + 2:
            if not words or words[0].startswith(("#", "*")) or _PREAMBLE.match(content):
                continue
            raise _refused(file_name, f"line {line} names no variable", "State a line `name value` for each variable.")
        value = parse_number(words[at + 1])
        if value is None or abs(value - round(value)) > WHOLE_WITHIN:
            raise _refused(file_name, f"line {line}: {words[at][:40]} should be a whole number", "Correct it.")
        values[words[at]] = round(value)
    return Solution({"values": values}, claimed)


def read_colouring(text: str, nodes: int, file_name: str) -> Solution:
    """DIMACS: `l node colour` of each node, perhaps `s col count`; or the colour of each node in order and nothing else."""
    remedy = "State a line `l node colour` for each node."
    words = text.split()
    if len(words) == nodes and all(count_of(word) is not None for word in words):
        labels = dict(enumerate(_counts(words, file_name, "a colour"), start=1))
        claimed = None
    else:
        claimed, lines = _dimacs(text, "l", 3, file_name, remedy)
        labels = {line[0]: line[1] for line in lines}
        if len(labels) < len(lines) or sorted(labels) != list(range(1, nodes + 1)):
            raise _refused(file_name, f"each node from 1 to {nodes} should have one line `l node colour`", remedy)
    palette = {colour: place for place, colour in enumerate(sorted(set(labels.values())))}
    return Solution({"colour": [palette[labels[node]] for node in range(1, nodes + 1)]}, claimed)


def read_node_set(text: str, file_name: str) -> Solution:
    """DIMACS: `v node` of each node that is chosen, from 1, perhaps `s clq count`."""
    claimed, lines = _dimacs(text, "v", 2, file_name, "State a line `v node` for each chosen node, from 1.")
    return Solution({"nodes": [node for (node,) in lines]}, claimed)


def _dimacs(text: str, mark: str, width: int, file_name: str, remedy: str) -> tuple[Number | None, list[list[int]]]:
    """What an `s` line claims, and the numbers of the lines of a mark; comments and bounds are passed over."""
    claimed, found = None, []
    for line, content in enumerate(text.splitlines(), start=1):
        words = content.split()
        if not words or words[0] in ("c", "b", "t"):
            continue
        if words[0] == "s" and len(words) == 3:
            claimed = parse_number(words[2])
        elif words[0] == mark and len(words) == width:
            found.append(_counts(words[1:], file_name, "a number of a line"))
        else:
            raise _refused(file_name, f"line {line} is no line of a DIMACS solution", remedy)
    if not found:
        raise _refused(file_name, f"no line begins with `{mark}`", remedy)
    return claimed, found


def told_layout(text: str, kind: str) -> str | None:
    """What a solution file is, where it is known and the kind does not read such ones."""
    glance = text[:GLANCE_LENGTH]
    found = next(((name, kinds) for pattern, name, kinds in _KNOWN if pattern.search(glance)), None)
    return None if found is None or kind in found[1] else found[0]


def _counts(tokens: Sequence[str], file_name: str, what: str) -> list[int]:
    found = [count_of(token) for token in tokens]
    wrong = next((token for token, number in zip(tokens, found, strict=True) if number is None), None)
    if wrong is not None:
        raise _refused(file_name, f"{what} should be a whole number, not {wrong[:40]!r}", "Correct it.")
    return [number for number in found if number is not None]


def _refused(file_name: str, detail: str, remedy: str) -> UnreadableFile:
    return UnreadableFile(f"{file_name or 'The solution'}: {detail}.", remedy=remedy)
