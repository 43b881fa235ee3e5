// What came after the answer: another job's that counts, the steps back that the job named, and what acting on it brought.
import { html } from "../../core/html.js";
import { money, number, shortId, words } from "../../core/format.js";
import { link } from "../../core/router.js";
import { Badge } from "../../parts/badges.js";
import { Copy, Facts, Panel, Table, When } from "../../parts/pieces.js";

const told = (value) => value !== null && value !== undefined;
const other = (id) => html`<a class="id" href=${link(["jobs", id])}>${shortId(id)}</a>`;

// Nothing where nothing came after.
export function After({ job }) {
  const { compensations = [], outcomes = [], supersedes, superseded } = job;
  if (!compensations.length && !outcomes.length && !supersedes && !superseded) return null;
  return html`<${Panel} title="Afterwards" wide=${true} note="Whether the answer still counts, and what it brought">
    ${(supersedes || superseded) && html`<${Facts} items=${[
      ["Takes the place of", supersedes ? other(supersedes) : null],
      ["Its place is taken by", superseded ? html`${other(superseded.by)}, <${When} at=${superseded.at} />` : null],
    ]} />`}
    ${compensations.length > 0 && html`<h3>Steps back</h3><${Table} label="Steps back" rows=${compensations} rowKey=${(row) => row.name} columns=${STEPS} />`}
    ${outcomes.length > 0 && html`<h3>What acting on it brought</h3><${Table} label="What acting on it brought" rows=${outcomes} columns=${OUTCOMES} />`}<//>`;
}

const STEPS = [
  { name: "Step", cell: (row) => html`<span class="strong">${row.name}</span>` },
  { name: "Command", cell: (row) => row.command },
  { name: "Where it is", cell: (row) => row.on.map(words).join(", ") },
  { name: "Stands", cell: (row) => (row.state === "requested"
    ? html`<${Badge} tone="warn" icon="play">asked for: ${words(row.cause)}<//> <${When} at=${row.at} />`
    : html`<${Badge} tone="idle" icon="dot">named<//>`) },
  { name: "Done once by", cell: (row) => (row.compensation_id ? html`<${Copy} text=${row.compensation_id} label=${`Copy id of ${row.name}`} />` : "–") },
];
const OUTCOMES = [
  { name: "Told", cell: (row) => html`<${When} at=${row.observed_at ?? row.at} />` },
  { name: "Acted on", cell: (row) => (row.acted ? "yes" : "no") },
  { name: "Came to", number: true, cell: (row) => (told(row.objective) ? number(row.objective) : "–") },
  { name: "Brought", number: true, cell: (row) => (row.value ? money(row.value) : "–") },
  { name: "Who", cell: (row) => row.actor || "–" },
  { name: "Says", cell: (row) => row.detail || "–" },
];
