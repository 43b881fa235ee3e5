// What the job is and why it stands where it stands; what can be done with it.
import { html, useState } from "../../core/html.js";
import { post } from "../../core/api.js";
import { money, seconds, shortId } from "../../core/format.js";
import { link } from "../../core/router.js";
import { snippetsOf } from "../../core/snippets.js";
import { ENDED, Lane, State } from "../../parts/badges.js";
import { Waits } from "../../parts/approval.js";
import { Copy, Dialog, Facts, Title, When } from "../../parts/pieces.js";
import { Reasoned } from "../../parts/reasoned.js";

const CONNECTIONS = { reading: "reading", live: "live", waiting: "not connected, trying again", ended: "ended", refused: "not followed" };

export function Head({ job, explanation, connection, reload }) {
  const [asked, setAsked] = useState("");
  const ended = ENDED.has(job.state);
  const said = ended ? "ended" : connection;
  const aside = html`<div class="actions"><span class="live ${said === "live" || ended ? "" : "off"} ${ended ? "over" : ""}"><span class="live-dot" aria-hidden="true"></span>${CONNECTIONS[said]}</span>
    <button type="button" onClick=${() => setAsked("copy")}>Copy as …</button>
    <a class="button" href=${link(["compare"], { a: job.id })}>Compare</a>
    ${!ended && html`<button type="button" class="danger" onClick=${() => setAsked("cancel")}>Cancel job</button>`}</div>`;
  return html`<nav class="crumbs" aria-label="Where this is"><a href=${link(["jobs"])}>Jobs</a> <span aria-hidden="true">/</span> <span class="id">${shortId(job.id)}</span></nav>
    <${Title} document=${`${job.kind} ${job.state}`} aside=${aside}><span class="kind">${job.kind || "Job"}</span> <${State} state=${job.state} /><//>
    <p class="reason" aria-live="polite">${explanation?.summary ?? "…"}</p>
    ${job.waiting && html`<p class="note"><strong>${job.waiting.code.replaceAll("_", " ")}</strong> ${job.waiting.detail} ${expected(job.eta)}
      ${job.waiting.code === "fair_share" && html`<${Copy} text=${`queuebit ops jobs reprioritise ${job.id} --priority 5`} label="Copy: let it go before others" />
        <${Copy} text=${`queuebit ops jobs reroute ${job.id} --lane classical`} label="Copy: send it on elsewhere" />`}</p>`}
    ${job.superseded && html`<p class="failed" role="alert"><span><strong>Another answer counts</strong>: that of <a href=${link(["jobs", job.superseded.by])}>${shortId(job.superseded.by)}</a>.</span></p>`}
    ${job.approval && html`<div class="panel pad"><${Waits} jobId=${job.id} approval=${job.approval} /></div>`}
    ${job.suspect && html`<p class="failed" role="alert"><span><strong>The answer is suspect</strong>, says ${job.suspect.actor}: ${job.suspect.reason}
      ${job.suspect.replaced_by && html` It is asked again as <a href=${link(["jobs", job.suspect.replaced_by])}>${shortId(job.suspect.replaced_by)}</a>.`}</span></p>`}
    ${(job.failure ?? job.rejection) && html`<p class="failed"><span><strong>${(job.failure ?? job.rejection).code}</strong> ${(job.failure ?? job.rejection).detail}
      <span class="remedy">${(job.failure ?? job.rejection).remedy}</span></span></p>`}
    <${Facts} items=${[
      ["Job", html`<span class="id wrap">${job.id}</span> <${Copy} text=${job.id} label="Copy id" />`],
      ["Lane", html`<${Lane} lane=${job.lane} />`],
      ["Tier", job.tier],
      ["Created", html`<${When} at=${job.created_at} />`],
      ["Took", job.elapsed_s === null || job.elapsed_s === undefined ? null : seconds(job.elapsed_s)],
      ["Deadline", job.deadline ? html`<${When} at=${job.deadline} />` : null],
      ["Cost", money(job.cost)],
      ["Shots", job.usage?.shots ? job.usage.shots : null],
      ["Ran", job.ran ? `${job.ran.method} on ${job.ran.backend}${job.ran.backend_version ? ` ${job.ran.backend_version}` : ""}` : null],
      ["Made from", job.parent ? html`<a href=${link(["jobs", job.parent.job_id])}>${job.parent.role} of ${shortId(job.parent.job_id)}</a>` : null],
      ["Labels", Object.keys(job.labels ?? {}).length ? Object.entries(job.labels).map(([name, value]) => html`<span class="tag">${name}: ${value}</span>`) : null],
    ]} />
    <${CopyAs} job=${job} open=${asked === "copy"} close=${() => setAsked("")} />
    <${Cancel} job=${job} open=${asked === "cancel"} close=${() => setAsked("")} reload=${reload} />`;
}

function expected(eta) {
  if (!eta) return "";
  if (eta.p50_s === null || eta.p50_s === undefined) return `Nobody knows when it will end: ${eta.unknown.replaceAll("_", " ")}.`;
  return `It will end in about ${seconds(eta.p50_s)}, nine times in ten within ${seconds(eta.p90_s)}.`;
}

function CopyAs({ job, open, close }) {
  return html`<${Dialog} title="The same job from elsewhere" open=${open} close=${close}>
    ${snippetsOf(job).map(([name, text]) => html`<div class="snippet"><div class="snippet-head"><h3>${name}</h3><${Copy} text=${text} label=${`Copy as ${name}`} /></div>
      <pre tabindex="0" aria-label=${name}>${text}</pre></div>`)}
    <form method="dialog"><button>Close</button></form><//>`;
}

function Cancel({ job, open, close, reload }) {
  const cancel = async (reason) => {
    await post(`v1/jobs/${job.id}/cancel`, { reason }, { "Idempotency-Key": crypto.randomUUID() });
    reload();
  };
  return html`<${Reasoned} title="Cancel this job?" open=${open} close=${close} verb="Cancel job" keep="Keep it" danger=${true} required=${false} deed=${cancel}>
    <p>What runs is asked to stop; what was used is still booked. This cannot be undone.</p><//>`;
}
