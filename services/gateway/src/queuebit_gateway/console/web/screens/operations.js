// Every bulk action of operators: prepared, looked at, let act with a reason, watched, cancelled; and what is held back.
import { html, useEffect, useState } from "../core/html.js";
import { get, post } from "../core/api.js";
import { number, percent, plural, shortId, words } from "../core/format.js";
import { link } from "../core/router.js";
import { useRead } from "../core/load.js";
import { Badge } from "../parts/badges.js";
import { Copy, Empty, Facts, Loaded, Meter, Panel, Table, Title, When } from "../parts/pieces.js";
import { Holds } from "../parts/holds.js";
import { Reasoned } from "../parts/reasoned.js";
import { Prepare, VERBS } from "./operations/prepare.js";

const TONES = { freezing: ["idle", "clock"], frozen: ["idle", "pause"], running: ["live", "play"], done: ["good", "check"], cancelled: ["idle", "stop"], stopped: ["warn", "warn"] };
const EVERY_MS = 2000;
const RATE_PER_S = 20;
const OPEN = ["frozen", "running", "stopped"];

export function Operations() {
  const operations = useRead((signal) => get("v1/operations?limit=50", { signal }), ["operations"], { everyMs: EVERY_MS });
  const record = useRead((signal) => get("v1/record", { signal }), ["record"], { everyMs: EVERY_MS * 2 });
  const [fresh, setFresh] = useState(null);
  const prepared = (operation) => {
    setFresh(operation.id);
    operations.reload();
  };
  return html`<${Title} document="Operations">Operations<//>
    <div class="column">
      <${Panel} title="Held back now"><${Loaded} of=${record} what="Reading holds">${(data) => html`<${Holds} holds=${data.holds} />`}<//><//>
      <${Prepare} prepared=${prepared} />
      <${Loaded} of=${operations} what="Reading operations">${({ data }) => (data.length
        ? data.map((each) => html`<${Operation} operation=${each} opened=${each.id === fresh} reload=${operations.reload} key=${each.id} />`)
        : html`<${Empty}>No operator has prepared a bulk operation yet.<//>`)}<//>
    </div>`;
}

function Operation({ operation, opened, reload }) {
  const { id, state, verb } = operation;
  const [tone, icon] = TONES[state] ?? TONES.frozen;
  const [asked, setAsked] = useState("");
  const share = operation.count ? operation.done / operation.count : 1;
  const ours = verb in VERBS;
  const note = html`<span class="id" data-row tabindex="-1">${shortId(id)}</span> of ${plural(operation.count, "thing")}`;
  const actions = html`<${Badge} tone=${tone} icon=${icon}>${state}<//>
    ${ours && ["frozen", "stopped"].includes(state) && operation.count > 0 && html`<button type="button" class="main" onClick=${() => setAsked("start")}>${state === "frozen" ? "Run" : "Go on with"} ${shortId(id)}</button>`}
    ${OPEN.includes(state) && html`<button type="button" class="danger" onClick=${() => setAsked("cancel")}>Cancel ${shortId(id)}</button>`}`;
  return html`<${Panel} title=${verb} note=${note} actions=${actions}>
    <${Meter} share=${share} tone=${state === "stopped" ? "warn" : "good"} label=${`${operation.done} of ${operation.count} dealt with`} />
    <p role="status"><strong>${number(operation.done)}</strong> of ${number(operation.count)} dealt with, ${percent(share, 0)}${operation.rate_per_s ? `, at most ${number(operation.rate_per_s)} a second` : ""}.
      ${operation.note && html` It stopped: ${operation.note}`}</p>
    <${Facts} items=${[
      ["Prepared by", operation.frozen_by], ["Prepared", html`<${When} at=${operation.frozen_at} />`], ["Let act by", operation.actor || "nobody yet"], ["Reason", operation.reason],
      ["Last step", html`<${When} at=${operation.updated_at} />`],
      ...Object.entries(operation.outcomes).map(([name, count]) => [words(name), number(count)]),
    ]} />
    <${Details} operation=${operation} opened=${opened} />
    <${Start} operation=${operation} open=${asked === "start"} close=${() => setAsked("")} reload=${reload} />
    <${Reasoned} title="Cancel this operation?" open=${asked === "cancel"} close=${() => setAsked("")} verb="Cancel operation" danger=${true}
      deed=${async (reason) => { await post(`v1/operations/${id}/cancel`, { reason }); reload(); }}>
      <p>It stops at its next step, whoever runs it. What is done stays done: ${number(operation.done)} of ${number(operation.count)}.</p><//><//>`;
}

// What it is about, as it was frozen, and what went wrong: read when somebody opens it.
function Details({ operation, opened }) {
  const [open, setOpen] = useState(opened);
  useEffect(() => {
    if (opened) setOpen(true);
  }, [opened]);
  return html`<details open=${open} onToggle=${(event) => setOpen(event.target.open)}><summary>The frozen set, and what failed of it</summary>
    ${open && html`<${Detail} operation=${operation} />`}</details>`;
}

function Detail({ operation }) {
  const read = useRead((signal) => get(`v1/operations/${operation.id}`, { signal }), [operation.id, operation.state, operation.done]);
  return html`<${Loaded} of=${read} what="Reading the frozen set">${(found) => {
    const failures = Object.entries(found.failures);
    return html`<${Facts} items=${Object.entries(found.arguments).map(([name, value]) => [words(name), value])} />
      ${found.sample.length ? html`<p class="note">${found.sample.length < found.count ? `The first ${found.sample.length} of ${number(found.count)}; all of them: ` : "All of it: "}<${Copy} text=${`queuebit ops operations show ${found.id} --targets`} label="Copy as CLI" /></p>
        <ul class="reasons">${found.sample.map((each) => html`<li>${found.verb.startsWith("jobs ") ? html`<a class="id" href=${link(["jobs", each])}>${each}</a>` : html`<span class="id">${each}</span>`}</li>`)}</ul>`
        : html`<${Empty}>Nothing is in it.<//>`}
      ${failures.length > 0 && html`<${Table} label="What failed" rows=${failures} columns=${[
        { name: "Failed", cell: ([target]) => html`<span class="id">${target}</span>` },
        { name: "Why", cell: ([, why]) => why },
      ]} />`}
      ${!found.runs_here && OPEN.includes(found.state) && html`<p class="inline">It is run by hand: <${Copy} text=${`queuebit ops operations resume ${found.id} --reason "…"`} label="Copy: run it" /></p>`}`;
  }}<//>`;
}

function Start({ operation, open, close, reload }) {
  const [rate, setRate] = useState(String(RATE_PER_S));
  const [limit, setLimit] = useState("");
  const left = operation.count - operation.done;
  const deed = async (reason) => {
    await post(`v1/operations/${operation.id}/start`, { reason, rate_per_s: rate ? Number(rate) : null, limit: limit ? Number(limit) : null });
    reload();
  };
  return html`<${Reasoned} title=${`${operation.verb}: ${plural(left, "thing")}?`} open=${open} close=${close} verb=${`Run on ${plural(limit ? Math.min(left, Number(limit)) : left, "thing")}`} danger=${true} deed=${deed}>
    <p>${VERBS[operation.verb]}: exactly those that were frozen, whatever has come since.</p>
    <label>At most a second <input type="number" min="0.1" max="1000" step="any" value=${rate} onInput=${(event) => setRate(event.target.value)} /></label>
    <label>At most in all <input type="number" min="1" max=${left} placeholder=${left} value=${limit} onInput=${(event) => setLimit(event.target.value)} /></label><//>`;
}
