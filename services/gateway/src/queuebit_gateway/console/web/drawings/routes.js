// A tour, or the routes of vehicles, on the map that the coordinates state.
import { html } from "../core/html.js";
import { number, plural } from "../core/format.js";
import { span } from "../charts/scale.js";
import { AsTable } from "../parts/pieces.js";
import { tone } from "./tones.js";

const SIZE = 520;
const EDGE = 16;
const NODES_DRAWN_MAX = 1500;
const NAMED_MAX = 60;

export function draw(statement, answer) {
  const places = statement.coordinates;
  if (!places?.length) return null;
  const isTour = Array.isArray(answer.tour);
  const routes = isTour ? [answer.tour] : answer.routes;
  if (!routes) return null;
  const [lowX, highX] = span(places.map((each) => each[0]));
  const [lowY, highY] = span(places.map((each) => each[1]));
  const scale = (SIZE - 2 * EDGE) / Math.max(highX - lowX, highY - lowY, 1e-9);
  const wide = (highX - lowX) * scale + 2 * EDGE;
  const tall = (highY - lowY) * scale + 2 * EDGE;
  const at = (node) => {
    const [x, y] = places[node - 1];
    return [EDGE + (x - lowX) * scale, tall - EDGE - (y - lowY) * scale];
  };
  const way = (nodes) => `M${nodes.map((node) => at(node).map((each) => each.toFixed(1)).join(" ")).join("L")}Z`;
  const whole = routes.map((nodes) => (isTour ? nodes : [1, ...nodes]));
  const named = places.length <= NAMED_MAX;
  const label = isTour ? `A tour through ${plural(places.length, "place")}.` : `${plural(routes.length, "route")} to ${plural(places.length - 1, "customer")}.`;
  return html`<figure class="chart drawing"><svg viewBox="0 0 ${wide.toFixed(0)} ${tall.toFixed(0)}" role="img" aria-label=${label}>
      ${whole.map((nodes, nth) => html`<path class="way stroke-${isTour ? "accent" : tone(nth)}" d=${way(nodes)}><title>${isTour ? "Tour" : `Route ${nth + 1}: ${nodes.slice(1).join(", ")}`}</title></path>`)}
      ${places.length <= NODES_DRAWN_MAX && places.map((_, nth) => {
        const [x, y] = at(nth + 1);
        return html`<circle class=${nth === 0 && !isTour ? "depot" : "place"} cx=${x.toFixed(1)} cy=${y.toFixed(1)} r=${nth === 0 && !isTour ? 6 : places.length > 300 ? 1.6 : 3}><title>Node ${nth + 1}</title></circle>`;
      })}
      ${named && places.map((_, nth) => {
        const [x, y] = at(nth + 1);
        return html`<text class="tick halo" x=${x + 5} y=${y - 5}>${nth + 1}</text>`;
      })}</svg>
    <figcaption class="note">${label} ${isTour ? "" : "The depot is the large dot."}</figcaption>
    <${AsTable} label=${isTour ? "Tour" : "Routes"} rows=${routes.map((nodes, nth) => ({ nodes, nth }))} columns=${[
      { name: isTour ? "Tour" : "Route", number: true, cell: (row) => row.nth + 1 },
      { name: "Stops", number: true, cell: (row) => number(row.nodes.length) },
      ...(statement.demands ? [{ name: `Load of ${number(statement.capacity)}`, number: true, cell: (row) => number(row.nodes.reduce((sum, node) => sum + Number(statement.demands[node - 1]), 0)) }] : []),
      { name: "Nodes in order", cell: (row) => html`<span class="wrap">${row.nodes.slice(0, 400).join(" ")}${row.nodes.length > 400 ? " …" : ""}</span>` },
    ]} /></figure>`;
}
