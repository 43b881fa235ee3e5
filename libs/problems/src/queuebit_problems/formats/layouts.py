"""Layouts that the field knows and no kind reads: how they begin, what they are, what to do instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

GLANCE_LENGTH = 10_000
"""Characters in which a layout shows itself."""
Layout = tuple[re.Pattern[str], str, str]

_AS_GRAPHML = "Write it as GraphML (networkx.write_graphml), or as an edge list."
_AS_PROGRAM = "State it as a binary_program: LP as CPLEX writes it, or MPS."
NOT_READ: tuple[Layout, ...] = (
    (
        re.compile(r"\A\s*&FCI\b", re.IGNORECASE),
        "is an FCIDUMP of integrals",
        "Map it to qubits first (OpenFermion, Qiskit Nature), and state the Pauli sum.",
    ),
    (
        re.compile(r"\A(?:\s*#[^\n]*\n|Creator\b[^\n]*\n)*\s*graph\s*\[\s", re.IGNORECASE),
        "is a graph in GML",
        _AS_GRAPHML,
    ),
    (
        re.compile(r"\A\s*(?:strict\s+)?(?:di)?graph\b[^\[\n{]{0,200}\{", re.IGNORECASE),
        "is a graph in DOT",
        _AS_GRAPHML,
    ),
    (re.compile(r"\A\s*\*(?:network|vertices)\b", re.IGNORECASE), "is a network of Pajek", _AS_GRAPHML),
    (re.compile(r"\A\s*(?:<\?xml[^>]*>\s*)?<gexf\b", re.IGNORECASE), "is a graph in GEXF", _AS_GRAPHML),
    (re.compile(r"\A>>(?:graph6|sparse6|digraph6)<<"), "is a graph in graph6 or sparse6", _AS_GRAPHML),
    (re.compile(r"\ALEDA\.GRAPH\b"), "is a graph of LEDA", _AS_GRAPHML),
    (re.compile(r"^p\s+w?cnf\s", re.MULTILINE), "is a formula in DIMACS CNF", _AS_PROGRAM),
    (re.compile(r"^p\s+(?:max|min|sp|asn)\s", re.MULTILINE), "is a network in DIMACS's form for flows", _AS_PROGRAM),
    (re.compile(r"\A\*\s*#variable\s*="), "is a pseudo-Boolean program (OPB)", _AS_PROGRAM),
    (
        re.compile(r"\A\s*\S+\s*\n\s*[LDCQ][CBMIG][NBLDCQ]\b[^\n]*\n\s*(?:minimi[sz]e|maximi[sz]e)\b", re.IGNORECASE),
        "is a program of QPLIB",
        _AS_PROGRAM,
    ),
    (
        re.compile(r"\A\s*[-+]?[0-9.]+\*[IXYZ]\(q\("),
        "is a sum of Cirq as it is printed",
        "Give cirq.PauliSum to the client.",
    ),
    (
        re.compile(r"\A\s*SparsePauliOp\("),
        "is an operator as Qiskit prints it, with coefficients cut off",
        "Write its pairs: str(operator.to_list()), or give the operator to the client.",
    ),
    (re.compile(r"^DECLARE\s+\w+\s+BIT\b", re.MULTILINE), "is a program in Quil", "Write it as OpenQASM."),
    (re.compile(r"^(?:target datalayout|define \w+ @)", re.MULTILINE), "is a program in QIR", "Write it as OpenQASM."),
    (
        re.compile(r"\Aversion https://git-lfs\.github\.com/"),
        "is a pointer of Git LFS, which holds no data",
        "Fetch the file itself (git lfs pull).",
    ),
    (re.compile(r"\A\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE), "is a page in HTML", "Fetch the raw file."),
)
NAMED_BY_KINDS: tuple[Layout, ...] = (
    (
        re.compile(r"\A\s*(?:/\*[^*]*\*/\s*)?(?:min|max)(?:imi[sz]e)?\s*:[^;]*;", re.IGNORECASE),
        "is a program in the LP format of lp_solve, or in OPB",
        _AS_PROGRAM,
    ),
    (
        re.compile(r"^TYPE\s*:\s*(?!(?:TSP|ATSP|CVRP)\b)(\w{1,20})", re.MULTILINE),
        r"is a TSPLIB file of type \1",
        "State a problem of type TSP, ATSP or CVRP.",
    ),
    (
        re.compile(r"\A%%MatrixMarket"),
        "is a Matrix Market file, of which nothing says what it asks",
        "Give --kind maxcut where it is the matrix of a weighted graph; max_clique, max_independent_set or graph_colouring "
        "where it has no weights.",
    ),
    (
        re.compile(r"\A\s*[\"']?(?:source|from|u|src|node1)[\"']?,[\"']?(?:target|to|v|dst|node2)\b", re.IGNORECASE),
        "is a list of edges, of which nothing says what it asks",
        "Give --kind maxcut, or max_clique, max_independent_set or graph_colouring where it has no weights.",
    ),
)
"""Where a kind is given, its own reader names this, with the line."""

_DOCUMENTS: tuple[tuple[frozenset[str], str, str], ...] = (
    (frozenset({"directed", "multigraph"}), "is a node-link document of networkx", _AS_GRAPHML),
    (frozenset({"cirq_type"}), "is an object of Cirq", "Write a circuit as OpenQASM (circuit.to_qasm())."),
    (
        frozenset({"braketSchemaHeader"}),
        "is a document of Amazon Braket",
        'Write a circuit as OpenQASM (circuit.to_ir("OPENQASM").source).',
    ),
    (
        frozenset({"commands", "qubits", "bits"}),
        "is a circuit of tket",
        "Write it as OpenQASM (pytket.qasm.circuit_to_qasm_str).",
    ),
)
"""JSON objects with these names."""


def told(text: str, layouts: tuple[Layout, ...]) -> tuple[str, str] | None:
    """(what a text is, the remedy) where it is one of these layouts."""
    for pattern, layout, remedy in layouts:
        found = pattern.search(text[:GLANCE_LENGTH])
        if found is not None:
            return found.expand(layout), remedy
    return None


def told_document(document: Mapping[str, Any]) -> tuple[str, str] | None:
    """(what a JSON object is, the remedy) where the field knows it and no kind reads it."""
    return next(((layout, remedy) for names, layout, remedy in _DOCUMENTS if names <= document.keys()), None)
