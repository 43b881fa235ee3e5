// Each attempt with what it found, used and told of how its answer came about.
import { html } from "../../core/html.js";
import { money, number, percent, seconds, trust, words } from "../../core/format.js";
import { Lane, State } from "../../parts/badges.js";
import { Empty, Facts, Panel } from "../../parts/pieces.js";

export function Attempts({ job }) {
  if (!job.attempts.length) return html`<${Panel} title="Attempts"><${Empty}>Nothing was tried yet.<//><//>`;
  return html`<${Panel} title="Attempts" wide=${true}><div class="attempts">${job.attempts.map((each) => html`<${Attempt} attempt=${each} key=${each.attempt_id} />`)}</div><//>`;
}

function Attempt({ attempt }) {
  const evidence = Object.entries(attempt.evidence ?? {});
  const ran = attempt.ran;
  return html`<article class="attempt" aria-label=${`${attempt.leg}, attempt ${attempt.number}`}>
    <h3>${attempt.leg} <span class="note">attempt ${attempt.number}, ${attempt.role}</span> <${Lane} lane=${attempt.lane} /> <${State} state=${attempt.state} /></h3>
    ${attempt.failure && html`<p class="failed"><span><strong>${attempt.failure.code}</strong> ${attempt.failure.detail} <span class="remedy">${attempt.failure.remedy}</span></span></p>`}
    <${Facts} items=${[
      ["Ran", ran ? `${ran.method} on ${ran.backend}${ran.backend_version ? ` ${ran.backend_version}` : ""}` : null],
      ["Worker", attempt.worker],
      ["Objective", attempt.objective === null || attempt.objective === undefined ? null : number(attempt.objective)],
      ["Bound", attempt.bound === null || attempt.bound === undefined ? null : number(attempt.bound)],
      ["Gap", attempt.gap === null || attempt.gap === undefined ? null : percent(attempt.gap, 2)],
      ["Confidence", attempt.confidence ? trust(attempt.confidence.value) : null],
      ["Cost", money(attempt.cost)],
      ["Wall time", attempt.usage.wall_s ? seconds(attempt.usage.wall_s) : null],
      ["Processor", attempt.usage.cpu_s ? seconds(attempt.usage.cpu_s) : null],
      ["Quantum processor", attempt.usage.qpu_s ? seconds(attempt.usage.qpu_s) : null],
      ["Shots", attempt.usage.shots ? number(attempt.usage.shots) : null],
      ["Iterations", attempt.usage.iterations ? number(attempt.usage.iterations) : null],
    ]} />
    ${attempt.reasons.length > 0 && html`<ul class="reasons">${attempt.reasons.map((each) => html`<li>${each}</li>`)}</ul>`}
    ${evidence.length > 0 && html`<details><summary>What the worker tells of it (${evidence.length})</summary>
      <${Facts} items=${evidence.map(([name, value]) => [words(name), shown(value)])} /></details>`}</article>`;
}

function shown(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === "object") return html`<code class="wrap">${JSON.stringify(value)}</code>`;
  return typeof value === "number" ? number(value) : String(value);
}
