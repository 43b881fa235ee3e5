// Plans that wait for people: exactly what would run, what silence leads to, and the two buttons that decide.
import { html, useState } from "../core/html.js";
import { get, post, withQuery } from "../core/api.js";
import { number, plural, seconds, shortId, words } from "../core/format.js";
import { link } from "../core/router.js";
import { useNews, useRead } from "../core/load.js";
import { Lane } from "../parts/badges.js";
import { Waits } from "../parts/approval.js";
import { usePages } from "../parts/pages.js";
import { Reasoned } from "../parts/reasoned.js";
import { Empty, Facts, Failed, Loaded, Panel, Table, Title } from "../parts/pieces.js";

const LIMIT = 50;

const OF_JOB = (item) => item.job_id;
const page = (cursor, more) => get(withQuery("v1/approvals", { limit: LIMIT, cursor }), more);

export function Approvals() {
  const read = useRead((signal) => page(undefined, { signal }), ["approvals"], { everyMs: 20000 });
  const [said, setSaid] = useState("");
  const { rows, cursor, more, error, busy, forget } = usePages(read.data, page, OF_JOB);
  useNews(read.reload);
  const decided = (text) => {
    setSaid(text);
    forget();
    read.reload();
  };
  return html`<${Title} document="Approvals">Approvals<//>
    <p role="status" class=${said ? "reason" : "away"}>${said}</p>
    <${Loaded} of=${read} what="Reading what waits for approval">${() => html`${rows.length
      ? html`<div class="column">${rows.map((item) => html`<${One} item=${item} decided=${decided} key=${`${item.job_id} ${item.digest}`} />`)}</div>`
      : html`<${Empty}>No plan waits for a person${cursor ? " among those that were looked at" : ""}. Which do is a rule of the policy.<//>`}
      <${Failed} error=${error} retry=${more} />${cursor && html`<p class="below"><button type="button" onClick=${more} disabled=${busy}>${busy ? "Looking …" : "Look further"}</button></p>`}`}<//>`;
}

const legs = (label, rows) => html`<${Table} label=${label} rows=${rows} columns=${[
  { name: "Leg", cell: (leg) => html`<span class="strong">${leg.leg}</span>` },
  { name: "Role", cell: (leg) => leg.role },
  { name: "Lane", cell: (leg) => html`<${Lane} lane=${leg.lane} />` },
  { name: "Why", cell: (leg) => leg.reason },
]} />`;

function One({ item, decided }) {
  const [asked, setAsked] = useState("");
  const facts = Object.entries(item.facts);
  const deed = (verb, told) => async (reason) => {
    await post(`v1/approvals/${item.job_id}/${verb}`, { digest: item.digest, reason });
    decided(told);
  };
  const short = shortId(item.job_id);
  const actions = html`<a data-row href=${link(["jobs", item.job_id])}>Open the job</a>
    ${item.may_decide ? html`<button type="button" class="main" onClick=${() => setAsked("grant")}>Allow ${short}</button>
      <button type="button" class="danger" onClick=${() => setAsked("deny")}>Refuse ${short}</button>` : html`<span class="note">${item.role} decide, and nobody about a job of their own</span>`}`;
  const shown = html`<p>What you decide on is named by this digest; should the plan change meanwhile, your word counts for nothing.</p><p><span class="id wrap">${item.digest}</span></p>`;
  return html`<${Panel} title=${`${item.kind} ${short}`} note=${`${item.plan}, by rule ${item.rule} of ${item.policy_version}`} actions=${actions}>
    <${Waits} jobId=${item.job_id} approval=${item} />
    <h3>What would run</h3>${legs("What would run", item.legs)}
    ${item.otherwise_legs.length > 0 && html`<h3>What runs if nobody decides</h3>${legs("What runs if nobody decides", item.otherwise_legs)}`}
    ${facts.length > 0 && html`<details><summary>Every number it was decided from (${plural(facts.length, "number")})</summary>
      <${Facts} items=${facts.map(([name, value]) => [words(name), typeof value === "object" && value !== null ? JSON.stringify(value) : name.endsWith("_s") ? seconds(value) : number(value)])} /></details>`}
    <${Reasoned} title=${`Allow the plan of ${short}?`} open=${asked === "grant"} close=${() => setAsked("")} verb="Allow it" deed=${deed("grant", `Your word on ${short} is on its way.`)}>${shown}<//>
    <${Reasoned} title=${`Refuse the plan of ${short}?`} open=${asked === "deny"} close=${() => setAsked("")} verb="Refuse it" danger=${true} deed=${deed("deny", `Your word on ${short} is on its way: its job is being cancelled.`)}>${shown}<//><//>`;
}
