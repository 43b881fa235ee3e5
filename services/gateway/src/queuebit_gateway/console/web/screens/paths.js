// Quantum ways of answering: how far each is trusted, on which evidence, and what it cost to find out.
import { html } from "../core/html.js";
import { get } from "../core/api.js";
import { money, NONE, number, percent, words } from "../core/format.js";
import { link } from "../core/router.js";
import { useRead } from "../core/load.js";
import { Evidence } from "../charts/evidence.js";
import { Badge, Lane } from "../parts/badges.js";
import { Copy, Empty, Facts, Loaded, Meter, Panel, Table, Title, When } from "../parts/pieces.js";

const EVERY_MS = 10000;
const TONES = { production: ["good", "check"], canary: ["live", "play"], advisory: ["live", "eye"], shadow: ["idle", "eye"], retired: ["idle", "stop"] };
const VERDICTS = { promote: ["good", "check"], rollback: ["bad", "warn"], retire: ["bad", "stop"] };

export function Paths({ route }) {
  const id = route.path[1];
  return id ? html`<${One} id=${id} key=${id} />` : html`<${All} />`;
}

function Stage({ path }) {
  const [tone, icon] = path.frozen ? ["warn", "pause"] : TONES[path.stage] ?? ["idle", "dot"];
  return html`<${Badge} tone=${tone} icon=${icon}>${words(path.stage)}${path.frozen ? ", frozen" : ""}<//>`;
}

function Says({ verdict }) {
  const [tone, icon] = VERDICTS[verdict] ?? ["idle", "dot"];
  return html`<${Badge} tone=${tone} icon=${icon}>${words(verdict)}<//>`;
}

function All() {
  const read = useRead((signal) => get("v1/paths", { signal }), ["paths"], { everyMs: EVERY_MS });
  return html`<${Title} document="Paths">Paths and experiments<//>
    <p class="reason">A path is a quantum way of answering one kind, size and tier of question. It is measured beside the classical way and goes up on evidence alone, and down at once.
      Experiments beside it are rows of the <a href=${link(["policies"])}>active policy</a>.</p>
    <${Loaded} of=${read} what="Reading paths">${({ data }) => (data.length
      ? html`<${Table} label="Paths" rows=${data} rowKey=${(row) => row.id} columns=${COLUMNS} /><p class="below"><span role="status">${number(data.length)} in all.</span> <${Copy} text="queuebit path list" label="Copy as CLI" /></p>`
      : html`<${Empty}>No path is registered. Register one: <code>queuebit path register FILE --reason "…"</code><//>`)}<//>`;
}

const COLUMNS = [
  { name: "Path", cell: (row) => html`<a data-row href=${link(["paths", row.id])}>${row.path}</a>` },
  { name: "Name", cell: (row) => row.name },
  { name: "Lane", cell: (row) => html`<${Lane} lane=${row.lane} />` },
  { name: "Stage", cell: (row) => html`<${Stage} path=${row} />` },
  { name: "Answers", number: true, cell: (row) => `${number(row.answers_percent)} %` },
  { name: "The gate says", cell: (row) => html`<${Says} verdict=${row.verdict} />` },
  { name: "Pairs", number: true, cell: (row) => number(row.pairs) },
  { name: "Won", number: true, cell: (row) => (row.pairs ? percent(row.wins / row.pairs, 0) : NONE) },
  { name: "Cost", number: true, cell: (row) => money(row.cost) },
  { name: "Of", number: true, cell: (row) => money(row.budget) },
  { name: "So since", cell: (row) => html`<${When} at=${row.since} />` },
];

function One({ id }) {
  const read = useRead((signal) => get(`v1/paths/${encodeURIComponent(id)}`, { signal }), ["path", id], { everyMs: EVERY_MS });
  return html`<nav class="crumbs" aria-label="Where this is"><a href=${link(["paths"])}>Paths</a></nav>
    <${Loaded} of=${read} what="Reading the path">${(path) => html`<${Whole} path=${path} />`}<//>`;
}

function Whole({ path }) {
  const spent = Number(path.budget?.amount) ? Number(path.cost?.amount ?? 0) / Number(path.budget.amount) : null;
  return html`<${Title} document=${path.name}>${path.name} <${Stage} path=${path} /><//>
    <p class="reason">The gate says <strong>${words(path.verdict)}</strong>: ${path.why.join(" ") || "nothing stands in the way."}</p>
    ${path.frozen && html`<p class="failed"><span><strong>Nothing goes to it.</strong> ${path.frozen}</span></p>`}
    ${path.exhausted && html`<p class="failed"><span><strong>Nothing further is measured.</strong> ${path.exhausted}</span></p>`}
    <${Facts} items=${[
      ["Path", html`<span class="id wrap">${path.path}</span>`], ["Lane", html`<${Lane} lane=${path.lane} />`], ["Owner", path.owner],
      ["Answers", `${number(path.answers_percent)} % of its cohort`], ["So since", html`<${When} at=${path.since} />`],
      ["Pairs", number(path.pairs)], ["Won", path.pairs ? `${number(path.wins)}, ${percent(path.wins / path.pairs, 0)}` : null], ["Even", path.pairs ? `${number(path.ties)}, ${percent(path.ties / path.pairs, 0)}` : null],
      ["Taken back", path.rollbacks ? `${number(path.rollbacks)} times` : null],
      ["Cost", html`${money(path.cost)} of ${money(path.budget)} ${spent !== null && html`<${Meter} share=${spent} tone=${spent > 0.9 ? "warn" : ""} label=${`Cost: ${percent(spent, 0)} of the budget`} />`}`],
      ["Goes by", path.outcomes.measure && `${words(path.outcomes.measure)}; missing of ${number(path.outcomes.untold)} pairs`],
      ["Brought", path.outcomes.told ? `${path.outcomes.path.map(money).join(" + ")} by the path, ${path.outcomes.base.map(money).join(" + ")} by the classical way, in ${number(path.outcomes.told)} pairs` : null],
    ]} />
    <div class="columns">
      <${Panel} title="Evidence" wide=${true} note="Each hypothesis is a bet; it is shown where its odds pass the line"><${Evidence} evidence=${path.evidence} /><//>
      <${Panel} title="What the gate goes by" wide=${true}><${Facts} items=${Object.entries(path.spec).map(([name, value]) => [words(name), value === null ? null : typeof value === "object" ? JSON.stringify(value) : typeof value === "number" ? number(value) : String(value)])} />
        <p class="inline">Digest of all that happened to it: <span class="id">${path.digest.slice(0, 16)}</span> <${Copy} text=${`queuebit path report ${path.path}`} label="Copy: report as CLI" /></p><//>
    </div>`;
}
