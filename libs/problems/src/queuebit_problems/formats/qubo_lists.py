"""Quadratic models as programs list them: qbsolv, coordinates of dimod and scipy, and bqpjson. Each entry counts once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from queuebit_problems.encoding.ising import over_bits
from queuebit_problems.encoding.qubo import Exact, exact
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.formats.text import Row, Rows
from queuebit_problems.kind import Params
from queuebit_problems.numeric import VALUE_MAX, number

VARIABLES_MAX = 10_000
TERMS_MAX = 1_000_000
_QBSOLV = re.compile(r"\A(?:[ \t]*(?:c\b.*)?\r?\n)*p[ \t]+qubo\b")
_VARTYPE = re.compile(r"^#.*vartype\s*=\s*[\"']?(SPIN|BINARY)", re.MULTILINE)
_BQPJSON = frozenset({"variable_domain", "variable_ids", "linear_terms", "quadratic_terms"})

Entry = tuple[int, int, Exact]


def is_qbsolv(text: str) -> bool:
    return _QBSOLV.match(text[:10_000]) is not None


def is_coordinates(text: str, file_name: str) -> bool:
    """Whether a text says, in itself or by its name, that it lists coordinates."""
    return _VARTYPE.search(text[:10_000]) is not None or PurePath(file_name).suffix.lower() == ".coo"


def read_qbsolv(rows: Rows) -> dict[str, Any]:
    """`p qubo topology variables linear quadratic`, then as many entries `i j q` as it says; lines of c are comments."""
    head = next((row for row in rows if row.tokens[0] != "c"), None)
    if head is None or len(head.tokens) != 6:
        raise rows.error(head, "the header should read `p qubo 0 variables linear quadratic`")
    variables = rows.integer(head, head.tokens[3], "the number of variables", 1, VARIABLES_MAX)
    linear, quadratic = (rows.integer(head, token, "a number of entries", 0, TERMS_MAX) for token in head.tokens[4:])
    entries = list(_entries(rows, (row for row in rows if row.tokens[0] != "c"), variables))
    own = sum(1 for i, k, _ in entries if i == k)
    if (own, len(entries) - own) != (linear, quadratic):
        detail = f"{linear} linear and {quadratic} quadratic entries, but {own} and {len(entries) - own} follow"
        raise rows.error(head, f"the header promises {detail}")
    return {"variables": variables, "terms": [(i, k, number(value)) for i, k, value in entries], "offset": 0}


def read_coordinates(text: str, rows: Rows, params: Params | None) -> dict[str, Any]:
    """`i j q` a line, of bits or spins, as a comment or the param vartype says."""
    stated = _VARTYPE.search(text[:10_000])
    wanted = str((params or {}).get("vartype", stated[1] if stated else "")).upper()
    if wanted not in ("SPIN", "BINARY") or (stated is not None and stated[1] != wanted):
        raise rows.error(
            None, "whether the variables are bits or spins is not said, or said twice",
            remedy="Give --param vartype=BINARY or SPIN, or write `# vartype=BINARY` above the entries.",
        )  # fmt: skip
    entries = list(_entries(rows, rows, VARIABLES_MAX))
    if not entries:
        raise rows.error(None, "the file holds no entry `i j q`")
    variables = 1 + max(max(i, k) for i, k, _ in entries)
    if wanted == "BINARY":
        return {"variables": variables, "terms": [(i, k, number(value)) for i, k, value in entries], "offset": 0}
    fields = [(i, value) for i, k, value in entries if i == k]
    return over_bits(variables, fields, [entry for entry in entries if entry[0] != entry[1]], 0)


def _entries(rows: Rows, lines: Iterator[Row] | Rows, variables: int) -> Iterator[Entry]:
    seen: dict[tuple[int, int], int] = {}
    for row in lines:
        tokens = rows.columns(row, (3,), "an entry")
        i, k = (rows.integer(row, token, "a variable", 0, variables - 1) for token in tokens[:2])
        value = exact(rows.number(row, tokens[2], "a coefficient", -VALUE_MAX, VALUE_MAX))
        before = seen.setdefault((min(i, k), max(i, k)), row.line)
        if before != row.line:
            raise rows.error(row, f"variables {i} and {k} have an entry already in line {before}; list each pair once")
        if len(seen) > TERMS_MAX:
            raise rows.error(row, f"there are more than {TERMS_MAX} entries")
        yield min(i, k), max(i, k), value


def _each_once(name: str, listed: Sequence[Any]) -> None:
    if len(set(listed)) < len(listed):
        raise ValueError(f"{name} has one twice")


def statement_of_bqpjson(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """The statement of a bqpjson document, whose variables count in the order of variable_ids; None for any other.

    Raises UnreadableFile where the form is known but what it holds is wrong.
    """
    if not document.keys() >= _BQPJSON:
        return None
    try:
        places = {name: place for place, name in enumerate(document["variable_ids"])}
        scale, offset = exact(document.get("scale", 1)), exact(document.get("offset", 0))
        fields = [(places[term["id"]], scale * exact(term["coeff"])) for term in document["linear_terms"]]
        pairs = [
            (places[term["id_tail"]], places[term["id_head"]], scale * exact(term["coeff"]))
            for term in document["quadratic_terms"]
        ]
        _each_once("variable_ids", document["variable_ids"])
        _each_once("linear_terms", [i for i, _ in fields])
        _each_once("quadratic_terms", [(min(i, k), max(i, k)) for i, k, _ in pairs])
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableFile(
            f"The bqpjson document does not hold together: {type(error).__name__} {str(error)[:60]}.",
            remedy="State variable_ids, linear_terms {id, coeff} and quadratic_terms {id_tail, id_head, coeff}.",
        ) from None
    ordered = [(min(i, k), max(i, k), value) for i, k, value in pairs]
    match document["variable_domain"]:
        case "boolean":
            terms = [(i, i, value) for i, value in fields] + ordered
            listed = [(i, k, number(value)) for i, k, value in terms]
            return {"variables": len(places), "terms": listed, "offset": number(scale * offset)}
        case "spin":
            return over_bits(len(places), fields, ordered, scale * offset)
        case other:
            raise UnreadableFile(
                f"variable_domain should be boolean or spin, not {str(other)[:40]!r}.", remedy="Correct it."
            )
