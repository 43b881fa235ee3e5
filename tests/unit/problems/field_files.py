"""A small file of every format, in the words of its field."""

from __future__ import annotations

from queuebit_problems import instances

TSP = "NAME: a\nTYPE: TSP\nDIMENSION: 3\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 0 3\n3 4 0\nEOF\n"
MATRIX = (
    "NAME: b\nTYPE: ATSP\nDIMENSION: 3\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: FULL_MATRIX\n"
    "EDGE_WEIGHT_SECTION\n9 1 2\n3 9 4\n5 6 9\nEOF\n"
)
TRIANGLE = (
    "NAME: c\nTYPE: TSP\nDIMENSION: 3\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: LOWER_DIAG_ROW\n"
    "EDGE_WEIGHT_SECTION\n0 1 0\n2 3 0\nDISPLAY_DATA_SECTION\n1 0 0\n2 0 3\n3 4 0\nEOF\n"
)
VRP = (
    "NAME : A-n4-k2\nCOMMENT : (two trucks)\nTYPE : CVRP\nDIMENSION : 4\nEDGE_WEIGHT_TYPE : EUC_2D\nCAPACITY : 5\n"
    "NODE_COORD_SECTION\n1 0 0\n2 0 3\n3 4 0\n4 4 3\nDEMAND_SECTION\n1 0\n2 3\n3 4\n4 1\nDEPOT_SECTION\n1\n-1\nEOF\n"
)
GRAPH = "c a graph\np edge 5 5\ne 1 2\ne 1 3\ne 2 3\ne 3 4\ne 4 5\n"

LP = (
    "\\ a plan\nMaximize\n gain: 3 x + 2 y - 4 z + [ 2 x * y ] / 2\nSubject To\n few: x + y + 2 z <= 4\n"
    " x - z >= -1\nBounds\n y <= 3\nGenerals\n y\nBinaries\n x z\nEnd\n"
)
MPS = (
    "NAME plan\nOBJSENSE\n MAX\nROWS\n N gain\n L few\n G more\nCOLUMNS\n M 'MARKER' 'INTORG'\n x gain 3 few 1\n x more 1\n"
    " y gain 2 few 1\n z gain -4 few 2\n z more -1\n M 'MARKER' 'INTEND'\nRHS\n R few 4 more -1\nBOUNDS\n BV B x\n UP B y 3\n"
    " BV B z\nENDATA\n"
)

TAILLARD = (
    "Nb of jobs, Nb of Machines, Time seed, Machine seed, Upper bound, Lower bound\n 2 2 84 39 7 6\nTimes\n 3 2\n 2 3\n"
    "Machines\n 1 2\n 2 1\n"
)
FLOW = (
    "number of jobs, number of machines, initial seed, upper bound and lower bound :\n 3 2 87 12 11\nprocessing times :\n"
    " 5 1 4\n 2 6 3\n"
)
PISINGER = "knapPI_1_3_10_1\nn 3\nc 10\nz 14\ntime 0.00\n1,9,6,1\n2,5,4,1\n3,6,5,0\n-----\n"

SOLOMON = (
    "R0\n\nVEHICLE\nNUMBER CAPACITY\n 2 5\n\nCUSTOMER\nCUST NO. XCOORD. YCOORD. DEMAND READY TIME DUE DATE SERVICE TIME\n\n"
    " 0 0 0 0 0 60 0\n 1 3 4 2 10 20 5\n 2 -3 4 3 0 15 5\n 3 0 9 1 5 40 5\n"
)

FILES: dict[str, tuple[str, str]] = {
    "lp": ("binary_program", LP),
    "mps": ("binary_program", MPS),
    "lap": ("assignment", "3\n4 2 8\n4 3 7\n3 1 6\n"),
    "bins": ("bin_packing", "5\n10\n6\n5\n4\n3\n2\n"),
    "binpack": ("bin_packing", "2\n a\n 10 3 2\n6\n5\n4\n b\n 10 2 1\n5\n5\n"),
    "solomon": ("vrptw", SOLOMON),
    "vrp": ("cvrp", VRP),
    "gap": ("generalised_assignment", "2 3\n8 6 5\n5 7 5\n4 3 3\n3 4 2\n5 6\n"),
    "gaps": ("generalised_assignment", "2\n1 2\n5 6\n1 2\n10\n1 1\n6\n1\n20\n"),
    "col": ("graph_colouring", GRAPH),
    "clq": ("max_clique", GRAPH),
    "mis": ("max_independent_set", GRAPH),
    "tail": ("job_shop", TAILLARD),
    "fsp": ("flow_shop", FLOW),
    "pisinger": ("knapsack", PISINGER),
    "jsp": ("job_shop", "# two jobs\n2 2\n0 3 1 2\n1 2 0 3\n"),
    "kp": ("knapsack", "4 10\n10 5\n15 4\n7 3\n22.5 6\n"),
    "rudy": ("maxcut", "4 3\n1 2 5\n2 3 -1\n3 4 2\n"),
    "qedc": ("maxcut", "4\n0 1\n1 2\n2 3\n"),
    "mknap": ("multi_knapsack", "1\n4 2 0\n10 6 5 4\n3 2 1 4\n2 3 3 1\n5 6\n"),
    "mknaps": ("multi_knapsack", "2\n2 1 0\n5 6\n1 2\n2\n1 1 0\n5\n1\n1\n"),
    "npp": ("number_partitioning", "3\n1\n4\n1\n5\n"),
    "port": ("portfolio", "2\n0.1 0.2\n0.2 0.3\n1 1 1\n1 2 0.5\n2 2 1\n"),
    "returns": ("portfolio", "1 0.1 0.2\n2 0.2 0.3\n1 1 1\n1 2 0.5\n2 2 1\n"),
    "qap": ("quadratic_assignment", "3\n\n0 5 2\n5 0 3\n2 3 0\n\n0 8 15\n8 0 13\n15 13 0\n"),
    "qkp": ("quadratic_knapsack", "a name\n3\n3 4 6\n7 1\n2\n\n0\n8\n4 4 5\n\ncomment\n"),
    "bqp": ("qubo", "2\n2 2\n1 1 5\n1 2 -3\n2 1\n1 2 4\n"),
    "sparse": ("qubo", "3 4\n1 1 -1\n1 2 1\n2 2 -1\n3 3 2.5\n"),
    "tsp": ("tsp", TSP),
    "atsp": ("tsp", MATRIX),
    "triangle": ("tsp", TRIANGLE),
}
"""A name, the kind, the text. None of them ends where a shorter file could end unnoticed, but for `OPEN` ones."""
OPEN = {"qedc", "npp", "solomon", "mc_008_003_000"}
"""Formats that do not say how much follows: cut off at a line, they are still whole."""
EXAMPLES: list[tuple[str, str, str]] = [(name, kind, text) for name, (kind, text) in FILES.items()] + [
    (name, instances.load(name).kind, instances.load(name).text)
    for name in ("mc_008_003_000", "gka1c_first6", "kp_008_none", "kp_015_decimal")
]
