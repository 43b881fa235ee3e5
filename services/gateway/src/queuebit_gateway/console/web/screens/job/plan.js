// Who was to answer, by which rule, and from which numbers.
import { html } from "../../core/html.js";
import { number, plural, seconds, words } from "../../core/format.js";
import { Lane, State } from "../../parts/badges.js";
import { Empty, Facts, Panel, Table, When } from "../../parts/pieces.js";

export function Plan({ job, explanation }) {
  const plan = job.plan;
  if (!plan) return html`<${Panel} title="Plan"><${Empty}>The control plane has not planned it yet.<//><//>`;
  const inputs = Object.entries(plan.inputs ?? explanation?.inputs ?? {});
  return html`<${Panel} title="Plan" wide=${true} note=${`${plan.name}, by rule ${plan.rule}, policy ${plan.policy_version}`}>
    ${(plan.reasons ?? []).length > 0 && html`<ul class="reasons">${plan.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}
    <${Table} label="Legs of the plan" rows=${plan.legs} columns=${[
      { name: "Leg", cell: (leg) => html`<span class="strong">${leg.leg}</span>${leg.chosen && html` <span class="tag strong">answers</span>`}` },
      { name: "Role", cell: (leg) => leg.role },
      { name: "Lane", cell: (leg) => html`<${Lane} lane=${leg.lane} />` },
      { name: "State", cell: (leg) => html`<${State} state=${leg.state} />` },
      { name: "Budget", number: true, cell: (leg) => seconds(leg.budget_s) },
      { name: "Attempts at most", number: true, cell: (leg) => leg.attempts_max },
      { name: "Why", cell: (leg) => leg.reason },
    ]} />
    ${job.fallbacks.length > 0 && html`<h3>Fallbacks</h3><${Table} label="Fallbacks" rows=${job.fallbacks} columns=${[
      { name: "From", cell: (each) => each.from_leg },
      { name: "To", cell: (each) => each.to_leg },
      { name: "Trigger", cell: (each) => words(each.trigger) },
      { name: "At", cell: (each) => html`<${When} at=${each.at} />` },
      { name: "Why", cell: (each) => each.reason },
    ]} />`}
    ${inputs.length > 0 && html`<details><summary>Every number it was decided from (${plural(inputs.length, "number")})</summary>
      <${Facts} items=${inputs.map(([name, value]) => [words(name), typeof value === "object" && value !== null ? JSON.stringify(value) : number(value)])} /></details>`}<//>`;
}
