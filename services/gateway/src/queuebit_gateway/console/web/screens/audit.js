// Who did what, the latest first, and why they said they did it: with a tenant's things, and as an operator over all tenants.
import { html, useMemo, useState } from "../core/html.js";
import { get, withQuery } from "../core/api.js";
import { moment, plural, shortId, utc } from "../core/format.js";
import { link, refine } from "../core/router.js";
import { useRead } from "../core/load.js";
import { Pages } from "../parts/pages.js";
import { Copy, Empty, Loaded, Table, Title, When } from "../parts/pieces.js";

const EVERY_MS = 5000;
const LIMIT = 50;
const DEEDS = [
  "approval.deny", "approval.grant", "job.cancel", "job.reveal", "key.make", "key.revoke", "key.rotate", "subject.erase",
  "webhook.change", "webhook.delete", "webhook.make", "webhook.replay", "webhook.rotate",
];
const TIMES = [
  { name: "When", cell: (row) => html`<span title=${utc(row.at)}>${moment(row.at)}</span>` },
  { name: "Ago", cell: (row) => html`<${When} at=${row.at} />` },
  { name: "Who", cell: (row) => html`<span class="strong">${row.actor}</span>` },
];

export function Audit({ route }) {
  return route.path[1] === "operators" ? html`<${Operators} />` : html`<${Trail} action=${route.query.get("action") ?? ""} />`;
}

function Both({ here }) {
  const one = (path, name) => html`<a href=${link(path)} aria-current=${here === name ? "page" : undefined}>${name}</a>`;
  return html`<nav class="crumbs" aria-label="Whose deeds">${one(["audit"], "Your tenant")} <span aria-hidden="true">·</span> ${one(["audit", "operators"], "Operators")}</nav>`;
}

function Trail({ action }) {
  const read = (cursor, more) => get(withQuery("v1/audit", { action: action || undefined, limit: LIMIT, cursor }), more);
  const first = useRead((signal) => read(undefined, { signal }), ["audit", action], { everyMs: EVERY_MS });
  const aside = html`<label class="inline">Deed <select data-search value=${action} onChange=${(event) => refine(["audit"], { action: event.target.value })}>
    <option value="">any</option>${DEEDS.map((each) => html`<option value=${each}>${each}</option>`)}</select></label>
    <${Copy} text=${["queuebit trail", action && `--action ${action}`].filter(Boolean).join(" ")} label="Copy as CLI" />`;
  return html`<${Both} here="Your tenant" /><${Title} document="Audit" aside=${aside}>What was done in your tenant<//>
    <p class="reason">Each entry was written before what it tells of was done: keys, webhooks, jobs and plans, and who had sealed data opened.</p>
    <${Loaded} of=${first} what="Reading the trail">${(page) => (page.data.length
      ? html`<${Pages} first=${page} read=${read} key=${action} label="What was done in your tenant" columns=${ENTRIES} noun="deed" older="Older deeds" />`
      : html`<${Empty}>${action ? html`Nobody did ${action} yet.` : "Nobody has done anything yet that is written down."}<//>`)}<//>`;
}

const ENTRIES = [
  ...TIMES,
  { name: "Did", cell: (row) => row.action },
  { name: "With", cell: (row) => (/^(job|approval)\./.test(row.action) ? html`<a data-row class="id" href=${link(["jobs", row.about])} title=${row.about}>${shortId(row.about)}</a>` : html`<span class="id" title=${row.about}>${row.about.length === 36 ? shortId(row.about) : row.about}</span>`) },
  { name: "Reason", cell: (row) => row.reason || "–" },
];

function Operators() {
  const [search, setSearch] = useState("");
  const read = useRead((signal) => get("v1/record", { signal }), ["record"], { everyMs: EVERY_MS });
  const aside = html`<label class="inline">Find <input data-search type="search" value=${search} onInput=${(event) => setSearch(event.target.value)} /></label>
    ${read.data && html`<${Copy} text=${JSON.stringify(read.data, null, 2)} label="Copy JSON" />`}`;
  return html`<${Both} here="Operators" /><${Title} document="Audit, operators" aside=${aside}>What operators did<//>
    <p class="reason">Deeds over all tenants: holds and bulk operations. What was done to one job by hand stands among its events.</p>
    <${Loaded} of=${read} what="Reading the record">${({ deeds }) => html`<${Deeds} deeds=${deeds} search=${search} />`}<//>`;
}

function Deeds({ deeds, search }) {
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return deeds.filter((deed) => !wanted || `${deed.actor} ${deed.did} ${deed.reason}`.toLowerCase().includes(wanted));
  }, [deeds, search]);
  if (!shown.length) return html`<${Empty}>${deeds.length ? html`No deed has “${search}”.` : "No operator has done anything yet."}<//>`;
  return html`<${Table} label="What operators did" rows=${shown} columns=${[
    ...TIMES,
    { name: "Did", cell: (row) => row.did },
    { name: "Reason", cell: (row) => row.reason },
    { name: "Belongs to", cell: (row) => (row.operation ? html`<a data-row class="id" href=${link(["operations"])}>${shortId(row.operation)}</a>` : row.hold ? `hold ${row.hold}` : "–") },
  ]} /><p class="below"><span role="status">${plural(shown.length, "deed")} shown.</span></p>`;
}
