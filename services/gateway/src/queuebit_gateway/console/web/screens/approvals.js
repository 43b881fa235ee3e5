// Plans that wait for people: exactly what would run, and what silence leads to.
import { html } from "../core/html.js";
import { get } from "../core/api.js";
import { each } from "../core/many.js";
import { seconds, shortId } from "../core/format.js";
import { link } from "../core/router.js";
import { useNews, useRead } from "../core/load.js";
import { Lane } from "../parts/badges.js";
import { Waits } from "../parts/approval.js";
import { Empty, Loaded, Panel, Table, Title } from "../parts/pieces.js";

const LIMIT = 100;

export function Approvals() {
  const read = useRead(async (signal) => {
    const page = await get(`v1/jobs?state=planned&limit=${LIMIT}`, { signal });
    const fates = await each(page.data, (line) => get(`v1/jobs/${line.id}?include=plan`, { signal }), { signal });
    const failed = fates.find((fate) => fate.error);
    if (failed) throw failed.error;
    return { jobs: fates.map((fate) => fate.found).filter((job) => job.approval), more: page.has_more };
  }, ["approvals"], { everyMs: 20000 });
  useNews(read.reload);
  return html`<${Title} document="Approvals">Approvals<//>
    <${Loaded} of=${read} what="Reading what waits for approval">${({ jobs, more }) => (jobs.length
      ? html`<div class="column">${jobs.map((job) => html`<${One} job=${job} key=${job.id} />`)}</div>`
      : html`<${Empty}>No plan waits for a person${more ? ` among the last ${LIMIT} that were planned` : ""}. Which do is a rule of the policy.<//>`)}<//>`;
}

function One({ job }) {
  return html`<${Panel} title=${`${job.kind} ${shortId(job.id)}`} note=${`${job.plan.name}, by rule ${job.plan.rule}`}
      actions=${html`<a data-row href=${link(["jobs", job.id])}>Open the job</a>`}>
    <${Waits} jobId=${job.id} approval=${job.approval} />
    <${Table} label="What would run" rows=${job.plan.legs} columns=${[
      { name: "Leg", cell: (leg) => html`<span class="strong">${leg.leg}</span>` },
      { name: "Role", cell: (leg) => leg.role },
      { name: "Lane", cell: (leg) => html`<${Lane} lane=${leg.lane} />` },
      { name: "Budget", number: true, cell: (leg) => seconds(leg.budget_s) },
      { name: "Why", cell: (leg) => leg.reason },
    ]} /><//>`;
}
