// A graph and what was chosen of it: a cut between two sides, colours, or a set of nodes.
import { html } from "../core/html.js";
import { number, plural } from "../core/format.js";
import { AsTable } from "../parts/pieces.js";
import { tone } from "./tones.js";

const SIZE = 460;
const RADIUS = 200;
const NODES_MAX = 300;
const EDGES_MAX = 1700;
const NAMED_MAX = 64;

// Edges as [u, v, weight] from 0: lists of neighbours stand in for edges of a large graph.
export function edgesOf(statement, first) {
  const listed = statement.edges ?? (statement.neighbours ?? []).flatMap((those, nth) => those.map((each) => [nth + first, each]));
  return listed.map(([u, v, weight = 1]) => [u - first, v - first, weight]);
}

// What each node is, in a word, and to which group it belongs.
function groupsOf(answer, nodes) {
  if (answer.side) return { of: answer.side, name: (group) => `side ${group}`, kind: "cut" };
  if (answer.colour) return { of: answer.colour, name: (group) => `colour ${group}`, kind: "colouring" };
  const chosen = new Set(answer.nodes ?? []);
  return { of: Array.from({ length: nodes }, (_, nth) => (chosen.has(nth + 1) ? 1 : 0)), name: (group) => (group ? "chosen" : "not chosen"), kind: "set" };
}

function placesOf(groups, nodes) {
  const order = Array.from({ length: nodes }, (_, nth) => nth).sort((a, b) => groups.of[a] - groups.of[b] || a - b);
  const places = new Array(nodes);
  const put = (members, from, to, radius) => members.forEach((node, nth) => {
    const angle = from + ((nth + 0.5) / members.length) * (to - from);
    places[node] = [SIZE / 2 + radius * Math.cos(angle), SIZE / 2 + radius * Math.sin(angle)];
  });
  const of = (group) => order.filter((node) => groups.of[node] === group);
  if (groups.kind === "cut") {
    put(of(0), Math.PI * 0.62, Math.PI * 1.38, RADIUS);
    put(of(1), -Math.PI * 0.38, Math.PI * 0.38, RADIUS);
  } else if (groups.kind === "set") {
    put(of(1), 0, 2 * Math.PI, of(0).length ? RADIUS * 0.5 : RADIUS);
    put(of(0), 0, 2 * Math.PI, RADIUS);
  } else {
    put(order, -Math.PI / 2, Math.PI * 1.5, RADIUS);
  }
  return places;
}

// Which edges count: those between the sides, within the clique, or none.
function counts(groups, kind, u, v) {
  if (groups.kind === "cut") return groups.of[u] !== groups.of[v];
  return kind === "max_clique" && groups.of[u] === 1 && groups.of[v] === 1;
}

export function draw(statement, answer, kind) {
  const { nodes } = statement;
  const first = kind === "maxcut" ? 0 : 1;
  const edges = edgesOf(statement, first);
  if (nodes > NODES_MAX || edges.length > EDGES_MAX) return null;
  const groups = groupsOf(answer, nodes);
  const places = placesOf(groups, nodes);
  const marked = edges.filter(([u, v]) => counts(groups, kind, u, v));
  const label = captionOf(groups, kind, nodes, edges, marked);
  const rest = edges.filter(([u, v]) => !counts(groups, kind, u, v));
  const lines = (those) => those.map(([u, v]) => `M${places[u].map((each) => each.toFixed(1)).join(" ")}L${places[v].map((each) => each.toFixed(1)).join(" ")}`).join("");
  const size = nodes > 120 ? 3.5 : nodes > NAMED_MAX ? 6 : 11;
  const members = [...new Set(groups.of)].sort((a, b) => a - b)
    .map((group) => ({ group, nodes: groups.of.flatMap((each, nth) => (each === group ? [nth + first] : [])) }));
  return html`<figure class="chart drawing"><svg class="square" viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label=${label}>
      <path class="edge" d=${lines(rest)} /><path class="edge marked" d=${lines(marked)} />
      ${places.map(([x, y], node) => html`<g class=${groups.kind === "set" ? (groups.of[node] ? "cat-0" : "cat-none") : tone(groups.of[node])}>
        <circle class="block" cx=${x.toFixed(1)} cy=${y.toFixed(1)} r=${size}><title>Node ${node + first}: ${groups.name(groups.of[node])}</title></circle>
        ${nodes <= NAMED_MAX && html`<text class="in-bar" x=${x.toFixed(1)} y=${(y + 4).toFixed(1)} text-anchor="middle">${groups.kind === "colouring" ? groups.of[node] : node + first}</text>`}</g>`)}</svg>
    <figcaption class="note">${label}</figcaption>
    <${AsTable} label="Nodes by group" rows=${members} columns=${[
      { name: "Group", cell: (row) => groups.name(row.group) },
      { name: "Nodes", number: true, cell: (row) => number(row.nodes.length) },
      { name: "Which", cell: (row) => html`<span class="wrap">${row.nodes.join(" ")}</span>` },
    ]} /></figure>`;
}

function captionOf(groups, kind, nodes, edges, marked) {
  const graph = `${plural(nodes, "node")}, ${plural(edges.length, "edge")}`;
  if (groups.kind === "cut") {
    const weight = marked.reduce((sum, each) => sum + each[2], 0);
    return `${graph}; ${number(marked.length)} run between the two sides and weigh ${number(weight)}.`;
  }
  if (groups.kind === "colouring") return `${graph}; ${plural(new Set(groups.of).size, "colour")}, the number in a node is its colour.`;
  const chosen = groups.of.filter(Boolean).length;
  return `${graph}; ${number(chosen)} chosen, ${kind === "max_clique" ? "every two of them joined" : "no two of them joined"}.`;
}
