// Who answers which question: every version of the policy, the active one as tables, and what two versions say differently.
import { html } from "../core/html.js";
import { get, withQuery } from "../core/api.js";
import { moment, NONE, number, plural, words } from "../core/format.js";
import { go, link } from "../core/router.js";
import { useRead } from "../core/load.js";
import { Badge } from "../parts/badges.js";
import { Copy, Empty, Facts, Loaded, Panel, Table, Title, When } from "../parts/pieces.js";

const TABLES = ["guards", "routing", "experiments", "approvals", "windows", "caches", "thresholds"];
const BESIDE_ROWS = new Set(["id", "when", "reason", "owner"]);

export function Policies({ route }) {
  const [, policy, version] = route.path;
  if (policy && version) return html`<${One} name=${`${policy}/${version}`} against=${route.query.get("against") ?? ""} key=${`${policy}/${version}`} />`;
  return html`<${All} />`;
}

const at = (version) => version.split("/");

function Versions({ data }) {
  const numbered = (row) => at(row.version).length === 2 && /^\d+$/.test(at(row.version)[1]);
  return html`<${Table} label="Versions" rows=${data} rowKey=${(row) => row.version} columns=${[
    { name: "Version", cell: (row) => (numbered(row) ? html`<a data-row href=${link(["policies", ...at(row.version)])}>${row.version}</a>` : html`<span class="strong">${row.version}</span>`) },
    { name: "State", cell: (row) => html`${row.active && html`<${Badge} tone="good" icon="check">active<//>`}${!row.readable && html` <${Badge} tone="warn" icon="warn">of a newer release<//>`}` },
    { name: "Published", cell: (row) => html`<${When} at=${row.published_at} />` },
    { name: "By", cell: (row) => row.actor ?? "the release" },
    { name: "Why", cell: (row) => row.reason ?? NONE },
    { name: "Digest", cell: (row) => html`<span class="id">${row.digest ? row.digest.slice(0, 12) : NONE}</span>` },
  ]} />`;
}

function All() {
  const read = useRead((signal) => get("v1/policies", { signal }), ["policies"], { everyMs: 20000 });
  return html`<${Title} document="Policies">Policies<//>
    <${Loaded} of=${read} what="Reading policies">${({ active, data, history }) => html`
      <p class="reason">Jobs are planned by <strong>${active}</strong>.</p>
      <div class="column">
        <${Panel} title="Versions" note="The newest first; none of them ever changes" actions=${html`<${Copy} text="queuebit policy list" label="Copy as CLI" />`}><${Versions} data=${data} /><//>
        <${Panel} title="What was active">${history.length ? html`<${Table} label="What was active" rows=${history} columns=${[
          { name: "From", cell: (row) => html`<span title=${row.at}>${moment(row.at)}</span>` },
          { name: "Version", cell: (row) => html`<span class="strong">${row.version}</span>${row.rollback && html` <span class="tag">taken back</span>`}` },
          { name: "By", cell: (row) => row.actor },
          { name: "Why", cell: (row) => row.reason },
        ]} />` : html`<${Empty}>Never another than that of the release.<//>`}<//>
      </div>`}<//>`;
}

function One({ name, against }) {
  const [policy, number_] = at(name);
  const path = `v1/policies/${encodeURIComponent(policy)}/${encodeURIComponent(number_)}`;
  const read = useRead((signal) => get(path, { signal }), ["policy", name]);
  const all = useRead((signal) => get("v1/policies", { signal }), ["policies"]);
  const aside = html`<label class="inline">Compare with <select data-search value=${against} onChange=${(event) => go(["policies", policy, number_], { against: event.target.value })}>
    <option value="">nothing</option>${(all.data?.data ?? []).filter((each) => each.version !== name).map((each) => html`<option value=${each.version}>${each.version}${each.active ? " (active)" : ""}</option>`)}</select></label>`;
  return html`<nav class="crumbs" aria-label="Where this is"><a href=${link(["policies"])}>Policies</a></nav>
    <${Title} document=${name} aside=${aside}>${name}<//>
    ${against && html`<div class="below-panel"><${Diff} path=${path} name=${name} against=${against} /></div>`}
    <${Loaded} of=${read} what="Reading the policy">${(found) => html`<${Whole} found=${found} />`}<//>`;
}

function Diff({ path, name, against }) {
  const read = useRead((signal) => get(withQuery(`${path}/diff`, { against }), { signal }), [path, against]);
  return html`<${Panel} title="What differs" note=${`${name} against ${against}`} actions=${html`<${Copy} text=${`queuebit policy diff ${against} ${name}`} label="Copy as CLI" />`}>
    <${Loaded} of=${read} what="Comparing">${({ changes }) => (changes.length ? html`<p role="status">${plural(changes.length, "difference")}.</p>
      <${Table} label="What differs" rows=${changes} rowKey=${(row) => `${row.where} ${row.what}`} columns=${[
        { name: "Where", cell: (row) => html`<span class="strong">${row.where}</span>` },
        { name: "What", cell: (row) => html`<${Badge} tone=${{ added: "good", removed: "bad" }[row.what] ?? "warn"} icon=${{ added: "check", removed: "cross" }[row.what] ?? "dot"}>${words(row.what)}<//>` },
        { name: against, cell: (row) => html`<code class="wrap">${said(row.before)}</code>` },
        { name: name, cell: (row) => html`<code class="wrap">${said(row.after)}</code>` },
      ]} />` : html`<${Empty}>They say the same.<//>`)}<//><//>`;
}

const said = (value) => (value === null || value === undefined ? NONE : typeof value === "string" ? value : JSON.stringify(value));

function Whole({ found }) {
  const { document } = found;
  const tables = Object.entries(document).filter(([, value]) => Array.isArray(value) && value.some((row) => row && typeof row === "object"));
  tables.sort(([a], [b]) => order(a) - order(b));
  const plans = Object.entries(document.plans ?? {});
  return html`<${Facts} items=${[
      ["Active", found.active ? "yes" : "no"], ["Published", found.published_at ? html`<${When} at=${found.published_at} />` : "with the release"], ["By", found.actor], ["Why", found.reason],
      ["Digest", found.digest ? html`<span class="id wrap">${found.digest}</span>` : null], ["What it says of itself", document.description],
    ]} />
    <div class="column">${tables.map(([name, rows]) => html`<${Panel} title=${words(name)} note=${plural(rows.length, "row")} key=${name}><${Rows} name=${name} rows=${rows} /><//>`)}
      ${plans.length > 0 && html`<${Panel} title="Plans"><${Table} label="Plans" rows=${plans} rowKey=${([name]) => name} columns=${[
        { name: "Plan", cell: ([name]) => html`<span class="strong">${name}</span>` },
        { name: "Shape", cell: ([, plan]) => plan.plan ?? NONE },
        { name: "Legs", cell: ([, plan]) => html`<ul class="reasons">${(plan.legs ?? []).map((leg) => html`<li>${leg.role} on ${leg.lane}${leg.starts ? `, ${words(leg.starts)}` : ""}${leg.params ? ` ${JSON.stringify(leg.params)}` : ""}</li>`)}</ul>` },
      ]} /><//>`}
      <${Panel} title="The document" actions=${html`<${Copy} text=${JSON.stringify(document, null, 2)} label="Copy JSON" />`}><details><summary>As it was published</summary><pre tabindex="0" aria-label="Policy as JSON">${JSON.stringify(document, null, 2)}</pre></details><//></div>`;
}

const order = (name) => (TABLES.includes(name) ? TABLES.indexOf(name) : TABLES.length);

// A decision table as it is read: the first row whose conditions hold decides, so the order stays.
function Rows({ name, rows }) {
  return html`<${Table} label=${words(name)} rows=${rows} rowKey=${(row) => row.id ?? JSON.stringify(row)} columns=${[
    { name: "Row", cell: (row) => html`<span class="strong">${row.id ?? NONE}</span>` },
    { name: "Where", cell: (row) => html`<${Conditions} when=${row.when} />` },
    { name: "Then", cell: (row) => html`<${Then} row=${row} />` },
    { name: "Reason", cell: (row) => row.reason ?? NONE },
    { name: "Owner", cell: (row) => row.owner ?? NONE },
  ]} />`;
}

const SIGNS = { lt: "<", le: "≤", gt: ">", ge: "≥", eq: "=", ne: "≠", any_of: "one of", none_of: "none of" };

function Conditions({ when }) {
  const list = Object.entries(when ?? {});
  if (!list.length) return html`<span class="note">always</span>`;
  return html`<ul class="reasons">${list.map(([fact, test]) => html`<li><code>${fact}</code> ${tested(test)}</li>`)}</ul>`;
}

function tested(test) {
  if (test === null || typeof test !== "object" || Array.isArray(test)) return `= ${said(test)}`;
  return Object.entries(test).map(([sign, value]) => `${SIGNS[sign] ?? words(sign)} ${value && typeof value === "object" && !Array.isArray(value) ? said(value) : [].concat(value).map((each) => (typeof each === "number" ? number(each) : String(each))).join(", ")}`).join(" and ");
}

function Then({ row }) {
  const rest = Object.entries(row).filter(([name]) => !BESIDE_ROWS.has(name));
  return html`<ul class="reasons">${rest.map(([name, value]) => html`<li>${words(name)} <strong>${said(value)}</strong></li>`)}</ul>`;
}
