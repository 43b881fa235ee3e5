// Jobs that ended without an answer, by why: a group, a frozen set of it, a dry run, sent again, watched.
import { html, useMemo, useState } from "../core/html.js";
import { get } from "../core/api.js";
import { each } from "../core/many.js";
import { NONE, plural, shortId, words } from "../core/format.js";
import { link } from "../core/router.js";
import { useRead } from "../core/load.js";
import { Lane, State } from "../parts/badges.js";
import { Copy, Empty, Failed, Loaded, Panel, Table, Title, When } from "../parts/pieces.js";
import { Again } from "./failures/again.js";

const LIMIT = 100;
const WAYS = { code: "why it failed", kind: "kind", backend: "backend" };

export function Failures() {
  const [by, setBy] = useState("code");
  const [opened, setOpened] = useState(null);
  const read = useRead(async (signal) => {
    const page = await get(`v1/jobs?state=failed&state=expired&state=rejected&limit=${LIMIT}`, { signal });
    const fates = await each(page.data, (line) => get(`v1/jobs/${line.id}`, { signal }), { signal });
    return { jobs: fates.filter((fate) => fate.found).map((fate) => fate.found), unread: fates.filter((fate) => fate.error), more: page.has_more };
  }, ["failed"]);
  const actions = html`<button type="button" onClick=${() => { setOpened(null); read.reload(); }}>Look again</button>`;
  return html`<${Title} document="Failures" aside=${actions}>Failures<//>
    <${Loaded} of=${read} what="Reading what failed">${(data) => (data.jobs.length
      ? html`<${Groups} data=${data} by=${by} setBy=${setBy} opened=${opened} open=${setOpened} />`
      : html`<${Empty}>No job has failed, expired or been rejected.<//>`)}<//>`;
}

// Why a job failed: the code of the attempt that failed last, for "no leg gave an answer" says little.
export function causeOf(job) {
  const attempt = job.attempts.findLast((one) => one.failure);
  const said = attempt?.failure ?? job.failure ?? job.rejection;
  return {
    code: said?.code ?? job.state,
    detail: said?.detail ?? "",
    remedy: said?.remedy ?? "",
    lane: attempt?.lane ?? job.lane,
    backend: attempt?.ran?.backend ?? attempt?.worker ?? "none",
    kind: job.kind,
  };
}

export function groupsOf(jobs, by) {
  const groups = new Map();
  for (const job of jobs) {
    const cause = causeOf(job);
    const name = cause[by] || "unknown";
    if (!groups.has(name)) groups.set(name, { name, jobs: [], cause });
    groups.get(name).jobs.push(job);
  }
  return [...groups.values()].sort((a, b) => b.jobs.length - a.jobs.length);
}

function Groups({ data, by, setBy, opened, open }) {
  const groups = useMemo(() => groupsOf(data.jobs, by), [data, by]);
  const group = groups.find((one) => one.name === opened);
  const choose = html`<label class="inline">Group by <select data-search value=${by} onChange=${(event) => { setBy(event.target.value); open(null); }}>
    ${Object.entries(WAYS).map(([name, says]) => html`<option value=${name}>${says}</option>`)}</select></label>`;
  return html`${data.unread.length > 0 && html`<${Failed} error=${data.unread[0].error} />`}
    <${Panel} title="Groups" note=${`The last ${plural(data.jobs.length, "job")} without an answer${data.more ? "; there are older ones" : ""}`} actions=${choose}>
      <${Table} label="Groups of failures" rows=${groups} rowKey=${(row) => row.name} columns=${[
        { name: WAYS[by], cell: (row) => html`<button type="button" class="as-link" data-row aria-expanded=${row.name === opened} onClick=${() => open(row.name === opened ? null : row.name)}>${words(row.name)}</button>` },
        { name: "Jobs", number: true, cell: (row) => row.jobs.length },
        { name: "Kinds", cell: (row) => [...new Set(row.jobs.map((job) => job.kind))].join(", ") },
        { name: "Latest", cell: (row) => html`<${When} at=${row.jobs[0].updated_at} />` },
        { name: "For example", cell: (row) => row.cause.detail || NONE },
        { name: "Remedy", cell: (row) => row.cause.remedy || NONE },
      ]} /><//>
    ${group && html`<div class="below-panel"><${Members} group=${group} key=${`${by} ${group.name}`} /></div>`}`;
}

function Members({ group }) {
  const [frozen, setFrozen] = useState(null);
  const { jobs } = group;
  const actions = html`<${Copy} text=${jobs.map((job) => job.id).join("\n")} label="Copy ids" />
    <button type="button" class="main" disabled=${frozen !== null} onClick=${() => setFrozen(jobs)}>Freeze these ${plural(jobs.length, "job")} to ask again</button>`;
  return html`${frozen && html`<${Again} jobs=${frozen} done=${() => setFrozen(null)} />`}
    <${Panel} title=${`Group: ${words(group.name)}`} actions=${actions}><${Table} label="Jobs of the group" rows=${jobs} rowKey=${(job) => job.id} columns=${[
      { name: "Job", cell: (job) => html`<a data-row class="id" href=${link(["jobs", job.id])}>${shortId(job.id)}</a>` },
      { name: "Kind", cell: (job) => job.kind },
      { name: "State", cell: (job) => html`<${State} state=${job.state} />` },
      { name: "Lane", cell: (job) => html`<${Lane} lane=${causeOf(job).lane} />` },
      { name: "Ended", cell: (job) => html`<${When} at=${job.updated_at} />` },
      { name: "What was said", cell: (job) => causeOf(job).detail },
    ]} /><//>`;
}
