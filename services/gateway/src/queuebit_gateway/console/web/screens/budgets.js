// What may be spent at providers: what is left, what is set aside for which legs, and every line of the ledger.
import { html, useState } from "../core/html.js";
import { get, withQuery } from "../core/api.js";
import { moment, number, percent, shortId, words } from "../core/format.js";
import { link } from "../core/router.js";
import { useRead } from "../core/load.js";
import { Badge } from "../parts/badges.js";
import { Pages } from "../parts/pages.js";
import { Copy, Empty, Facts, Loaded, Meter, Panel, Table, Title, When } from "../parts/pieces.js";

const EVERY_MS = 5000;
const PAGE = 50;
const STANDING = { room: ["good", "check"], exhausted: ["warn", "ban"], overrun: ["bad", "warn"] };

export function Budgets({ route }) {
  const id = route.path[1];
  return id ? html`<${One} id=${id} key=${id} />` : html`<${All} />`;
}

function Standing({ budget }) {
  const [tone, icon] = STANDING[budget.standing] ?? ["idle", "dot"];
  return html`<${Badge} tone=${tone} icon=${icon}>${words(budget.standing)}<//>`;
}

const amount = (budget, value) => `${value} ${budget.currency}`;
const share = (budget) => (budget.used_percent === null ? 0 : budget.used_percent / 100);
const tone = (budget) => (share(budget) >= 1 ? "bad" : share(budget) >= 0.8 ? "warn" : "good");

function Used({ budget }) {
  const said = budget.used_percent === null ? "nothing was granted" : percent(share(budget), 1);
  return html`<${Meter} share=${share(budget)} tone=${tone(budget)} label=${`Used: ${said}`} /> ${said}`;
}

function All() {
  const [past, setPast] = useState(false);
  const read = useRead((signal) => get(withQuery("v1/budgets", { past: past || undefined }), { signal }), ["budgets", past], { everyMs: EVERY_MS });
  const aside = html`<label class="inline"><input type="checkbox" data-search checked=${past} onChange=${(event) => setPast(event.target.checked)} /> Windows that are over</label>`;
  return html`<${Title} document="Budgets" aside=${aside}>Budgets<//>
    <${Loaded} of=${read} what="Reading budgets">${({ data }) => (data.length
      ? html`<${Table} label="Budgets" rows=${data} rowKey=${(row) => row.id} columns=${COLUMNS} />`
      : html`<${Empty}>Nothing bounds what you spend at providers: no budget is set. Those who run Queuebit set one by <code>queuebit budget grant</code>.<//>`)}<//>`;
}

const COLUMNS = [
  { name: "Budget", cell: (row) => html`<a data-row href=${link(["budgets", row.id])}>${row.budget}</a>` },
  { name: "For", cell: (row) => row.purpose },
  { name: "Window", cell: (row) => `${row.window}` },
  { name: "Standing", cell: (row) => html`<${Standing} budget=${row} />` },
  { name: "Used", cell: (row) => html`<span class="inline"><${Used} budget=${row} /></span>` },
  { name: "Limit", number: true, cell: (row) => amount(row, row.limit) },
  { name: "Spent", number: true, cell: (row) => amount(row, row.spent) },
  { name: "Set aside", number: true, cell: (row) => amount(row, row.reserved) },
  { name: "Left", number: true, cell: (row) => amount(row, row.left) },
  { name: "Begins anew", cell: (row) => html`<${When} at=${row.resets_at} />` },
];

function One({ id }) {
  const path = `v1/budgets/${encodeURIComponent(id)}`;
  const read = useRead((signal) => get(path, { signal }), ["budget", id], { everyMs: EVERY_MS });
  return html`<nav class="crumbs" aria-label="Where this is"><a href=${link(["budgets"])}>Budgets</a></nav>
    <${Loaded} of=${read} what="Reading the budget">${(budget) => html`
      <${Title} document=${budget.budget}>${budget.budget} <${Standing} budget=${budget} /><//>
      <${Facts} items=${[
        ["For", budget.purpose], ["Window", `${budget.window}, by ${budget.period}`], ["Used", html`<${Used} budget=${budget} />`], ["Limit", amount(budget, budget.limit)],
        ["Spent", amount(budget, budget.spent)], ["Set aside", amount(budget, budget.reserved)], ["Left", amount(budget, budget.left)],
        ["Passed", budget.passed_percent.length ? budget.passed_percent.map((each) => `${each} %`).join(", ") : null], ["Begins anew", budget.resets_at ? html`<${When} at=${budget.resets_at} />` : null],
      ]} />
      <div class="column"><${Held} budget=${budget} /><${Ledger} path=${path} budget=${budget} /></div>`}<//>`;
}

function Held({ budget }) {
  return html`<${Panel} title="Set aside now" note="Until the leg says what it cost">${budget.holds.length
    ? html`<${Table} label="What is set aside" rows=${budget.holds} rowKey=${(row) => row.attempt_id} columns=${[
      { name: "Job", cell: (row) => html`<a data-row class="id" href=${link(["jobs", row.job_id])}>${shortId(row.job_id)}</a>` },
      { name: "Leg", cell: (row) => row.leg },
      { name: "Amount", number: true, cell: (row) => amount(budget, row.amount) },
      { name: "Since", cell: (row) => html`<${When} at=${row.since} />` },
    ]} />${budget.more_holds && html`<p class="note">There are more than are shown.</p>`}`
    : html`<${Empty}>Nothing is set aside.<//>`}<//>`;
}

function Ledger({ path, budget }) {
  const read = (cursor) => get(withQuery(`${path}/entries`, { limit: PAGE, cursor }));
  const first = useRead((signal) => get(`${path}/entries?limit=${PAGE}`, { signal }), [path, budget.spent, budget.reserved, budget.limit]);
  return html`<${Panel} title="Ledger" note="The latest first" actions=${html`<${Copy} text="queuebit spending" label="Copy as CLI" />`}>
    <${Loaded} of=${first} what="Reading the ledger">${(page) => (page.data.length
      ? html`<${Pages} first=${page} read=${read} label="Ledger" columns=${linesOf(budget)} noun="line" older="Older lines" />`
      : html`<${Empty}>Nothing stands in it.<//>`)}<//><//>`;
}

const linesOf = (budget) => [
  { name: "When", cell: (row) => moment(row.at) },
  { name: "What", cell: (row) => row.kind },
  { name: "Amount", number: true, cell: (row) => amount(budget, row.amount) },
  { name: "Job", cell: (row) => (row.job_id ? html`<a class="id" href=${link(["jobs", row.job_id])}>${shortId(row.job_id)}</a>` : "–") },
  { name: "Leg", cell: (row) => row.leg || "–" },
  { name: "By, and why", cell: (row) => [row.actor, row.reason].filter(Boolean).join(": ") || "–" },
];
