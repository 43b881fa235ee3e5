"""The searches of the ladder, as data: for which kinds and sizes each is worth its time."""

from __future__ import annotations

from queuebit_classical_solver.cascade.stages import Rung
from queuebit_classical_solver.searches import any_cp_sat as cp_sat
from queuebit_classical_solver.searches import bin_packing_column_generation as columns
from queuebit_classical_solver.searches import graph_colouring_tabucol as recolouring
from queuebit_classical_solver.searches import job_shop_tabu as shop_search
from queuebit_classical_solver.searches import knapsack_minknap as knapsack_core
from queuebit_classical_solver.searches import node_set_branch_and_bound as cliques
from queuebit_classical_solver.searches import node_set_numvc as covers
from queuebit_classical_solver.searches import number_partitioning_karmarkar_karp as halves
from queuebit_classical_solver.searches import quadratic_assignment_branch_and_bound as placements
from queuebit_classical_solver.searches import quadratic_assignment_robust_tabu as exchange_search
from queuebit_classical_solver.searches import qubo_annealing as annealing
from queuebit_classical_solver.searches import routing_pyvrp as pyvrp_search
from queuebit_classical_solver.searches import tsp_lin_kernighan as tour_search
from queuebit_classical_solver.searches.any_cp_sat import CpSatSolver
from queuebit_classical_solver.searches.any_heuristic_restarts import RestartSolver
from queuebit_classical_solver.searches.bin_packing_column_generation import ColumnSolver
from queuebit_classical_solver.searches.graph_colouring_tabucol import RecolouringSolver
from queuebit_classical_solver.searches.job_shop_tabu import ShopSolver
from queuebit_classical_solver.searches.knapsack_minknap import CoreSolver
from queuebit_classical_solver.searches.node_set_branch_and_bound import CliqueSolver
from queuebit_classical_solver.searches.node_set_numvc import CoverSolver
from queuebit_classical_solver.searches.number_partitioning_karmarkar_karp import HalvesSolver
from queuebit_classical_solver.searches.quadratic_assignment_branch_and_bound import PlacementSolver
from queuebit_classical_solver.searches.quadratic_assignment_robust_tabu import ExchangeSolver
from queuebit_classical_solver.searches.qubo_annealing import AnnealingSolver
from queuebit_classical_solver.searches.routing_pyvrp import PyVrpSolver
from queuebit_classical_solver.searches.tsp_lin_kernighan import TourSolver

ROUTES = frozenset({"cvrp"})
TOURS = frozenset({"tsp"})
EXCHANGES = frozenset({"quadratic_assignment"})
QUADRATIC = frozenset({"maxcut", "qubo"})
NODE_SETS = frozenset({"max_clique", "max_independent_set"})
BINS = frozenset({"bin_packing"})
KNAPSACKS = frozenset({"knapsack"})
COLOURINGS = frozenset({"graph_colouring"})
PARTITIONS = frozenset({"number_partitioning"})
SHOPS = frozenset({"job_shop"})

OWN = "queuebit-classical-solver"

RUNGS = (
    Rung(pyvrp_search.METHOD, PyVrpSolver(), 0.2, ROUTES, variables_max=30),
    Rung(pyvrp_search.METHOD, PyVrpSolver(), 0.7, ROUTES, variables_min=31, variables_max=130),
    Rung(pyvrp_search.METHOD, PyVrpSolver(), 0.9, ROUTES, variables_min=131),
    Rung(tour_search.METHOD, TourSolver(RestartSolver(1.0)), 0.3, TOURS, variables_min=60, variables_max=250),
    Rung(tour_search.METHOD, TourSolver(PyVrpSolver()), 0.9, TOURS, variables_min=251),
    Rung(placements.METHOD, PlacementSolver(), 0.7, EXCHANGES, variables_max=12),
    Rung(exchange_search.METHOD, ExchangeSolver(), 0.3, EXCHANGES, variables_max=12),
    Rung(exchange_search.METHOD, ExchangeSolver(), 0.03, EXCHANGES, variables_min=13, variables_max=16),
    Rung(placements.METHOD, PlacementSolver(), 0.9, EXCHANGES, variables_min=13, variables_max=16),
    Rung(
        exchange_search.METHOD,
        ExchangeSolver(),
        0.5,
        EXCHANGES,
        variables_min=17,
        variables_max=placements.BRANCHED_MAX,
    ),
    Rung(exchange_search.METHOD, ExchangeSolver(), 0.85, EXCHANGES, variables_min=placements.BRANCHED_MAX + 1),
    Rung(
        placements.METHOD, PlacementSolver(), 0.9, EXCHANGES, variables_min=17, variables_max=placements.FACILITIES_MAX
    ),
    Rung(annealing.METHOD, AnnealingSolver(), 0.2, QUADRATIC, variables_max=400),
    Rung(annealing.METHOD, AnnealingSolver(), 0.8, QUADRATIC, variables_min=401),
    Rung(cliques.METHOD, CliqueSolver(), 0.1, NODE_SETS),
    Rung(covers.METHOD, CoverSolver(), 0.4, NODE_SETS, variables_max=covers.NODES_MAX),
    Rung(cliques.METHOD, CliqueSolver(), 0.6, NODE_SETS, variables_max=400),
    Rung(cp_sat.METHOD, CpSatSolver(), 0.25, COLOURINGS, variables_max=300),
    Rung(recolouring.METHOD, RecolouringSolver(), 0.8, COLOURINGS),
    Rung(columns.METHOD, ColumnSolver(), 0.9, BINS),
    Rung(knapsack_core.METHOD, CoreSolver(), 0.7, KNAPSACKS),
    Rung(halves.METHOD, HalvesSolver(), 0.9, PARTITIONS),
    Rung(shop_search.METHOD, ShopSolver(), 0.45, SHOPS, variables_min=120),
    Rung(cp_sat.METHOD, CpSatSolver(neighbourhoods=True), 0.6, SHOPS, variables_min=200),
    Rung(cp_sat.METHOD, CpSatSolver(), 1.0),
)
"""In the order in which they are tried. CP-SAT comes last: it starts from the best answer and may prove it.

Above 130 nodes CP-SAT's model of routes has only the ways to near nodes, above 250 that of tours, so that it proves nothing
there. PyVRP seldom finds shorter symmetric tours than the heuristic does. Annealing finds in a second
the best known cuts of graphs of 800 nodes, which neither tabu search nor CP-SAT found in five. Sets of nodes are first tried
for a quick proof, then searched, then tried for longer. Quadratic assignments of up to 16 facilities are mostly proved, those
of 12 in a second from the heuristic's answer; larger ones get a better bound in what the search leaves. Partitions of up to 41
numbers are proved in half a second, larger ones seldom by CP-SAT.
"""

SOLVER_OF = {
    pyvrp_search.METHOD: "pyvrp",
    annealing.METHOD: "dwave-samplers",
    columns.METHOD: "ortools",
    cp_sat.METHOD: "ortools",
    cliques.METHOD: OWN,
    covers.METHOD: OWN,
    exchange_search.METHOD: OWN,
    halves.METHOD: OWN,
    knapsack_core.METHOD: OWN,
    placements.METHOD: OWN,
    recolouring.METHOD: OWN,
    shop_search.METHOD: OWN,
    tour_search.METHOD: OWN,
}
"""The package that really ran each method; any other is the kind's own."""
