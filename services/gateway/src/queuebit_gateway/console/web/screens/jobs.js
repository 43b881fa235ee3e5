// Jobs, newest first. The filters are the address; what is new comes in by itself.
import { html, useState } from "../core/html.js";
import { get, withQuery } from "../core/api.js";
import { moment, shortId } from "../core/format.js";
import { go, link, refine } from "../core/router.js";
import { useNews, useRead } from "../core/load.js";
import { Lane, State } from "../parts/badges.js";
import { Pages } from "../parts/pages.js";
import { Copy, Empty, Loaded, Title, When } from "../parts/pieces.js";

const STATES = ["submitted", "planned", "held", "queued", "running", "validating", "completed", "failed", "cancelled", "expired", "rejected"];
const TIERS = ["interactive", "batch", "scheduled"];
const LIMIT = 50;
const EVERY_MS = 20000;

export function Jobs({ route }) {
  const filters = {
    state: route.query.getAll("state"),
    kind: route.query.getAll("kind"),
    tier: route.query.getAll("tier"),
    created_from: route.query.get("created_from") ?? "",
    created_to: route.query.get("created_to") ?? "",
  };
  const set = (change) => refine(["jobs"], { ...filters, ...change });
  const first = useRead((signal) => get(withQuery("v1/jobs", { ...filters, limit: LIMIT }), { signal }), [filters], { everyMs: EVERY_MS });
  const connection = useNews(first.reload);
  const filtered = Object.values(filters).some((value) => value.length);
  return html`<${Title} document="Jobs" aside=${html`<${Live} connection=${connection} />`}>Jobs<//>
    <${Find} />
    <${Filters} filters=${filters} set=${set} filtered=${filtered} />
    <${Loaded} of=${first} what="Reading jobs">${(page) => (page.data.length
      ? html`<${Pages} first=${page} key=${JSON.stringify(filters)} label="Jobs" columns=${COLUMNS} noun="job" older="Older jobs"
        read=${(cursor) => get(withQuery("v1/jobs", { ...filters, limit: LIMIT, cursor }))} />`
      : html`<${None} filters=${filters} filtered=${filtered} set=${set} />`)}<//>`;
}

function Live({ connection }) {
  const text = { reading: "reading", live: "live", refused: "read every 20 s" }[connection] ?? "not connected, trying again";
  return html`<span class="live ${connection === "live" ? "" : "off"}"><span class="live-dot" aria-hidden="true"></span>${text}</span>`;
}

// A job by its id: the whole of it, as it stands in logs and events.
function Find() {
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState(false);
  const open = (event) => {
    event.preventDefault();
    const id = text.trim().toLowerCase();
    if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) go(["jobs", id]);
    else setWrong(true);
  };
  return html`<form class="find" role="search" onSubmit=${open}>
    <label for="find">Job id</label>
    <input id="find" data-search type="search" class="id" placeholder="01890000-0000-7000-8000-000000000001" value=${text}
      aria-invalid=${wrong} aria-describedby="find-wrong" onInput=${(event) => { setText(event.target.value); setWrong(false); }} />
    <button>Open</button>
    <span id="find-wrong" class="wrong" role="alert">${wrong ? "That is no job id: it has 36 characters." : ""}</span></form>`;
}

function Filters({ filters, set, filtered }) {
  const kinds = useRead((signal) => get("v1/kinds", { signal }), ["kinds"]);
  const toggle = (name, value) => {
    const old = filters[name];
    set({ [name]: old.includes(value) ? old.filter((each) => each !== value) : [...old, value] });
  };
  const chips = (name, values) => html`<fieldset class="chips"><legend>${name}</legend>${values.map((value) => html`<label class="chip">
    <input type="checkbox" checked=${filters[name].includes(value)} onChange=${() => toggle(name, value)} /><span>${value}</span></label>`)}</fieldset>`;
  return html`<div class="filters">
    ${chips("state", STATES)}
    ${chips("tier", TIERS)}
    <div class="filter-line">
      <label>Kind <select value=${filters.kind[0] ?? ""} onChange=${(event) => set({ kind: event.target.value ? [event.target.value] : [] })}>
        <option value="">any</option>${(kinds.data?.data ?? []).map((each) => html`<option value=${each.name}>${each.name}</option>`)}</select></label>
      <label>Created from <input type="datetime-local" value=${local(filters.created_from)} onChange=${(event) => set({ created_from: iso(event.target.value) })} /></label>
      <label>to <input type="datetime-local" value=${local(filters.created_to)} onChange=${(event) => set({ created_to: iso(event.target.value) })} /></label>
      ${filtered && html`<button type="button" class="quiet" onClick=${() => go(["jobs"])}>Clear filters</button>`}
      <${Copy} text=${cliOf(filters)} label="Copy as CLI" />
    </div></div>`;
}

function iso(text) {
  return text ? new Date(text).toISOString() : "";
}

function local(text) {
  if (!text) return "";
  const at = new Date(text);
  return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function cliOf(filters) {
  const flags = [
    ...filters.state.map((each) => `--state ${each}`), ...filters.kind.map((each) => `--kind ${each}`), ...filters.tier.map((each) => `--tier ${each}`),
  ];
  return ["queuebit list", ...flags].join(" ");
}

function None({ filters, filtered, set }) {
  if (!filtered) return html`<${Empty}>There are no jobs yet. Send one: <code>queuebit kinds example tsp | queuebit submit -</code><//>`;
  const said = Object.entries(filters).filter(([, value]) => value.length);
  return html`<${Empty}>No job has ${said.map(([name, value], nth) => html`${nth > 0 && " and "}<strong>${name.replace("_", " ")} ${[].concat(value).join(" or ")}</strong>
    <button type="button" class="quiet" onClick=${() => set({ [name]: Array.isArray(value) ? [] : "" })}>without this</button>`)}.<//>`;
}

const COLUMNS = [
  { name: "Job", cell: (row) => html`<a data-row class="id" href=${link(["jobs", row.id])} title=${row.id}>${shortId(row.id)}</a>` },
  { name: "State", cell: (row) => html`<${State} state=${row.state} />` },
  { name: "Kind", cell: (row) => row.kind },
  { name: "Lane", cell: (row) => html`<${Lane} lane=${row.lane} />` },
  { name: "Tier", cell: (row) => row.tier },
  { name: "Created", cell: (row) => html`<${When} at=${row.created_at} />` },
  { name: "Last event", cell: (row) => html`<span title=${moment(row.updated_at)}><${When} at=${row.updated_at} /></span>` },
  { name: "Events", number: true, cell: (row) => row.version },
];
