// What is on its way, what came of the rest, what it used, and what it runs on.
import { html } from "../core/html.js";
import { get } from "../core/api.js";
import { ago, money, number, percent, plural, seconds, shortId } from "../core/format.js";
import { link } from "../core/router.js";
import { useNews, useNow, useRead } from "../core/load.js";
import { Days } from "../charts/days.js";
import { Lane, State } from "../parts/badges.js";
import { Empty, Loaded, Panel, Table, Title, When } from "../parts/pieces.js";

const DAYS = 14;
const LATEST = 8;

export function Overview() {
  const backlog = useRead((signal) => get("v1/backlog", { signal }), ["backlog"], { everyMs: 3000 });
  const usage = useRead((signal) => get(`v1/usage?days=${DAYS}`, { signal }), ["usage"], { everyMs: 10000 });
  const latest = useRead((signal) => get(`v1/jobs?limit=${LATEST}`, { signal }), ["latest"], { everyMs: 20000 });
  useNews(latest.reload);
  const backends = useRead((signal) => get("v1/backends", { signal }), ["backends"], { everyMs: 15000 });
  return html`<${Title} document="Overview">Overview<//>
    <${Figures} backlog=${backlog.data} usage=${usage.data} backends=${backends.data} />
    <div class="columns uneven">
      <div class="column">
        <${Panel} title="Jobs by day" note=${`The last ${DAYS} days, in UTC`}>
          <${Loaded} of=${usage} what="Reading what was used">${(data) => html`<${Days} usage=${data} count=${DAYS} />`}<//><//>
        <${Panel} title="Latest jobs" actions=${html`<a href=${link(["jobs"])}>All jobs</a>`}>
          <${Loaded} of=${latest} what="Reading jobs">${(data) => html`<${Latest} jobs=${data.data} />`}<//><//>
      </div>
      <div class="column">
        <${Panel} title="On its way" note="Jobs that have not ended">
          <${Loaded} of=${backlog} what="Reading what is on its way">${(data) => html`<${Backlog} data=${data} />`}<//><//>
        <${Panel} title="Backends" note="Each by its last report">
          <${Loaded} of=${backends} what="Reading backends">${(data) => html`<${Backends} data=${data.data} />`}<//><//>
      </div>
    </div>`;
}

function sum(days, part, name) {
  return days.reduce((total, day) => total + Number(day[part][name] ?? 0), 0);
}

function Figures({ backlog, usage, backends }) {
  const days = usage?.days ?? [];
  const completed = sum(days, "jobs", "completed");
  const ended = ["completed", "failed", "expired", "rejected"].reduce((total, name) => total + sum(days, "jobs", name), 0);
  const currencies = [...new Set(days.flatMap((day) => Object.keys(day.cost)))];
  const spent = currencies.map((currency) => ({ currency, amount: String(Math.round(sum(days, "cost", currency) * 1e6) / 1e6) }));
  const shots = days.reduce((total, day) => total + day.shots, 0);
  const up = backends?.data.filter((each) => each.state === "available").length;
  const oldest = backlog?.groups.map((each) => each.submitted_at).sort()[0];
  const behind = Math.max(backlog?.behind_s ?? 0, usage?.behind_s ?? 0);
  return html`<div class="figures">
    <${Figure} name="Open now" value=${backlog ? number(backlog.open) : "…"} note=${oldest ? html`oldest <${Age} at=${oldest} />` : "nothing waits"} />
    <${Figure} name="Answered" value=${usage ? (ended ? percent(completed / ended) : "–") : "…"} note=${`${number(completed)} of ${plural(ended, "ended job")}`} />
    <${Figure} name="Spent" value=${usage ? (spent.length ? money({ ...spent[0], further: spent.slice(1) }) : "nothing") : "…"} note=${`in ${DAYS} days`} />
    <${Figure} name="Shots" value=${usage ? number(shots) : "…"} note=${`in ${DAYS} days`} />
    <${Figure} name="Backends" value=${backends ? `${up} of ${backends.data.length}` : "…"} note="available" />
    <${Figure} name="Figures" value=${backlog && usage ? (behind < 1 ? "up to date" : `${seconds(behind)} behind`) : "…"} note="how far the counts lag" />
  </div>`;
}

function Age({ at }) {
  return ago(at, useNow(1000));
}

function Figure({ name, value, note }) {
  return html`<div class="figure"><span class="figure-name">${name}</span><strong>${value}</strong><span class="note">${note}</span></div>`;
}

function Backlog({ data }) {
  if (!data.groups.length) return html`<${Empty}>Nothing is on its way: every job has ended.<//>`;
  return html`<${Table} label="Jobs on their way" rows=${data.groups} columns=${[
    { name: "State", cell: (row) => html`<a data-row href=${link(["jobs"], { state: row.state, tier: row.tier })}><${State} state=${row.state} /></a>` },
    { name: "Lane", cell: (row) => html`<${Lane} lane=${row.lane} />` },
    { name: "Tier", cell: (row) => row.tier },
    { name: "Jobs", number: true, cell: (row) => number(row.jobs) },
    { name: "There since", cell: (row) => html`<${When} at=${row.there_since} />` },
  ]} />`;
}

function Latest({ jobs }) {
  if (!jobs.length) {
    return html`<${Empty}>There are no jobs yet. Send one: <code>queuebit kinds example tsp | queuebit submit -</code><//>`;
  }
  return html`<${Table} label="Latest jobs" rows=${jobs} rowKey=${(row) => row.id} columns=${[
    { name: "Job", cell: (row) => html`<a data-row class="id" href=${link(["jobs", row.id])}>${shortId(row.id)}</a>` },
    { name: "State", cell: (row) => html`<${State} state=${row.state} />` },
    { name: "Kind", cell: (row) => row.kind },
    { name: "Lane", cell: (row) => html`<${Lane} lane=${row.lane} />` },
    { name: "Created", cell: (row) => html`<${When} at=${row.created_at} />` },
  ]} />`;
}

function Backends({ data }) {
  if (!data.length) return html`<${Empty}>No backend has reported yet.<//>`;
  return html`<${Table} label="Backends" rows=${data} rowKey=${(row) => row.name} columns=${[
    { name: "Backend", cell: (row) => html`<span class="strong">${row.name}</span>` },
    { name: "Lane", cell: (row) => html`<${Lane} lane=${row.lane} />` },
    { name: "State", cell: (row) => html`<${State} state=${row.state} />` },
    { name: "Queue", number: true, cell: (row) => number(row.queue_length) },
    { name: "Our wait, p50", number: true, cell: (row) => seconds(row.runs?.wait_s_median) },
  ]} />`;
}
