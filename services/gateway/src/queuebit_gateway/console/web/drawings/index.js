// Which answers a picture says, and where its drawing is fetched from.
const routes = async () => (await import("./routes.js")).draw;
const shop = async () => (await import("./shop.js")).draw;
const graph = async () => (await import("./graph.js")).draw;
const frontier = async () => (await import("./frontier.js")).draw;
const bins = async () => (await import("./bins.js")).draw;

const DRAWINGS = {
  tsp: routes, cvrp: routes, vrptw: routes,
  job_shop: shop, flow_shop: shop,
  maxcut: graph, graph_colouring: graph, max_clique: graph, max_independent_set: graph,
  portfolio: frontier,
  bin_packing: bins, knapsack: bins,
};

export function drawingOf(kind) {
  return DRAWINGS[kind] ?? null;
}
