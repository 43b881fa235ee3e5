// What the answer is worth: recomputed from the problem by the validator, never the worker's word.
import { html } from "../../core/html.js";
import { number, percent, sentence, trust, words } from "../../core/format.js";
import { State } from "../../parts/badges.js";
import { Empty, Meter, Panel } from "../../parts/pieces.js";
import { Shares } from "./shares.js";

export function Verdict({ job }) {
  return html`<${Panel} title="Verdict" note="Recomputed from the problem alone">
    ${job.verdict ? html`<${Known} job=${job} />` : html`<${Soon} job=${job} />`}<//>`;
}

function Soon({ job }) {
  const progress = job.progress;
  if (!progress) return html`<${Empty}>No answer has been checked yet.<//>`;
  return html`<${Empty}>No answer has been checked yet. The latest a worker said (${progress.leg}):
    objective <strong>${number(progress.objective)}</strong>, bound <strong>${number(progress.bound)}</strong>, gap <strong>${percent(progress.gap)}</strong>.<//>`;
}

function Known({ job }) {
  const parts = job.confidence?.parts ?? [];
  return html`<p class="verdict-line"><${State} state=${job.verdict} />
      ${job.proven_optimal && html`<span class="tag strong">proved optimal</span>`}
      ${job.improvements > 0 && html`<span class="tag">improved ${job.improvements}×</span>`}</p>
    ${job.objective !== null && job.objective !== undefined && html`<dl class="big">
      <div><dt>Objective${job.plan?.sense ? `, ${job.plan.sense === "min" ? "less is better" : "more is better"}` : ""}</dt><dd>${number(job.objective)}</dd></div>
      <div><dt>Bound</dt><dd>${number(job.bound)}</dd></div>
      <div><dt>Gap</dt><dd>${percent(job.gap, 2)}</dd></div></dl>`}
    ${job.confidence && html`<div class="confidence"><h3>Confidence ${trust(job.confidence.value)}</h3>
      <${Meter} share=${job.confidence.value} label=${`Confidence ${trust(job.confidence.value)}`} tone=${job.confidence.value >= 0.8 ? "good" : job.confidence.value >= 0.5 ? "warn" : "bad"} />
      ${parts.length > 0 && html`<ul class="parts">${parts.map((part) => html`<li><span class="part-name">${sentence(part.name)}</span>
        <${Meter} share=${part.value} label=${`${words(part.name)}: ${trust(part.value)}`} /><span class="number">${trust(part.value)}</span>
        <span class="note">weight ${number(part.weight)}${part.detail ? ` · ${part.detail}` : ""}</span></li>`)}</ul>`}</div>`}
    <${Shares} job=${job} key=${job.id} />
    <${Reasons} reasons=${job.reasons} />`;
}

const SHOWN = 3;

function Reasons({ reasons }) {
  const list = (those) => html`<ul class="reasons">${those.map((reason) => html`<li>${reason}</li>`)}</ul>`;
  if (!reasons.length) return null;
  return html`${list(reasons.slice(0, SHOWN))}
    ${reasons.length > SHOWN && html`<details><summary>${reasons.length - SHOWN} more ${reasons.length - SHOWN === 1 ? "reason" : "reasons"}</summary>${list(reasons.slice(SHOWN))}</details>`}`;
}
