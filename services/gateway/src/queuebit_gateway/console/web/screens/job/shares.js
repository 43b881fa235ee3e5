// What the objective is made of, and how much room constraints leave: worked out when somebody opens it.
import { html, useState } from "../../core/html.js";
import { get } from "../../core/api.js";
import { number } from "../../core/format.js";
import { useRead } from "../../core/load.js";
import { Empty, Loaded, Table } from "../../parts/pieces.js";
import { shutOf } from "./statement.js";

export function Shares({ job }) {
  const [open, setOpen] = useState(false);
  if (!job.answer || shutOf(job.answer) || job.objective === null || job.objective === undefined) return null;
  return html`<div class="shares"><h3>What it is made of</h3>
    ${open ? html`<${Told} job=${job} />` : html`<div><button type="button" onClick=${() => setOpen(true)}>Show the shares</button></div>`}</div>`;
}

function Told({ job }) {
  const read = useRead((signal) => get(`v1/jobs/${encodeURIComponent(job.id)}?include=shares`, { signal }), [job.id, job.version]);
  return html`<${Loaded} of=${read} what="Working out the shares">${({ shares }) =>
    (shares ? html`<${Tables} shares=${shares} />` : html`<${Empty}>Nothing can be told of this kind of answer.<//>`)}<//>`;
}

function Tables({ shares }) {
  const rows = shares.parts.flatMap((part) => [
    { key: part.name, name: part.name, amount: part.amount, whole: true },
    ...part.terms.map((term, nth) => ({ key: `${part.name} ${nth}`, name: term.name, amount: term.amount })),
    ...(part.count > part.terms.length ? [{ key: `${part.name} others`, name: `${number(part.count - part.terms.length)} others`, amount: part.others }] : []),
  ]);
  return html`<${Table} label="Shares of the objective" rows=${rows} rowKey=${(row) => row.key} columns=${[
      { name: "Part", cell: (row) => (row.whole ? html`<span class="strong">${row.name}</span>` : row.name) },
      { name: "Amount", number: true, cell: (row) => number(row.amount) },
    ]} />
    ${shares.rooms.length > 0 && html`<${Table} label="Room that constraints leave" rows=${shares.rooms} rowKey=${(row) => row.name} columns=${[
      { name: `Constraint, ${number(shares.rooms.length)} of ${number(shares.rooms_count)}`, cell: (row) => row.name },
      { name: "Used", number: true, cell: (row) => number(row.used) },
      { name: "Limit", number: true, cell: (row) => number(row.limit) },
      { name: "Left", number: true, cell: (row) => number(row.left) },
    ]} />`}`;
}
