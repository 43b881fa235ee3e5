// What operators hold back.
import { html } from "../core/html.js";
import { number } from "../core/format.js";
import { Badge } from "./badges.js";
import { Copy, Empty, Table, When } from "./pieces.js";

export function Holds({ holds }) {
  if (!holds.length) return html`<${Empty}>Nothing is held back: all work flows.<//>`;
  return html`<${Table} label="What is held back" rows=${holds} rowKey=${(row) => row.number} columns=${[
    { name: "Hold", number: true, cell: (row) => row.number },
    { name: "What", cell: (row) => html`<${Badge} tone="warn" icon=${row.why === "pause" ? "pause" : "ban"}>${row.why}<//> ${row.scope === "all" ? "everything" : `${row.scope} ${row.value}`}` },
    { name: "Lets through", cell: (row) => (row.rate_per_s ? `${number(row.rate_per_s)} a second` : "nothing") },
    { name: "By", cell: (row) => row.actor },
    { name: "Since", cell: (row) => html`<${When} at=${row.placed_at} />` },
    { name: "Reason", cell: (row) => row.reason },
    { name: "Let go", cell: (row) => html`<${Copy} text=${resume(row)} label="Copy as CLI" />` },
  ]} />`;
}

function resume(hold) {
  if (hold.why === "quarantine") return `queuebit ops quarantine release ${hold.number} --reason "…"`;
  return `queuebit ops resume ${hold.scope === "all" ? "" : `--${hold.scope} ${hold.value} `}--reason "…"`;
}
