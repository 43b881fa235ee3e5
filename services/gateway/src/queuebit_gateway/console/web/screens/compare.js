// Two jobs side by side: what was asked, what ran, what it is worth, and how far apart the outcomes are.
import { html, useMemo, useState } from "../core/html.js";
import { get } from "../core/api.js";
import { distance } from "../core/distance.js";
import { money, moment, NONE, number, percent, seconds, shortId, trust } from "../core/format.js";
import { go, link } from "../core/router.js";
import { useRead } from "../core/load.js";
import { countsOf } from "../charts/histogram.js";
import { PairedBars } from "../charts/paired.js";
import { Lane, State } from "../parts/badges.js";
import { Copy, Empty, Loaded, Panel, Title } from "../parts/pieces.js";

export function Compare({ route }) {
  const [a, b] = [route.query.get("a") ?? "", route.query.get("b") ?? ""];
  return html`<${Title} document="Compare">Compare two jobs<//>
    <${Choose} a=${a} b=${b} key=${`${a} ${b}`} />
    ${a && b ? html`<${Both} a=${a} b=${b} />` : html`<${Empty}>${a ? html`A is job <a href=${link(["jobs", a])}>${shortId(a)}</a>. Choose B: another run of the same question says most.` : "Choose two jobs by their ids."}<//>`}`;
}

function Choose({ a, b }) {
  const [one, setOne] = useState(a);
  const [other, setOther] = useState(b);
  const latest = useRead((signal) => get("v1/jobs?limit=30", { signal }), ["latest"]);
  const compare = (event) => {
    event.preventDefault();
    go(["compare"], { a: one.trim().toLowerCase(), b: other.trim().toLowerCase() });
  };
  const field = (name, value, set) => html`<label>${name} <input class="id" required list="latest" data-search=${name === "A"} pattern="[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    title="A job id: 36 characters" value=${value} onInput=${(event) => set(event.target.value)} /></label>`;
  return html`<form class="find" onSubmit=${compare}>${field("A", one, setOne)}${field("B", other, setOther)}
    <datalist id="latest">${(latest.data?.data ?? []).map((each) => html`<option value=${each.id}>${each.kind} ${each.state}</option>`)}</datalist>
    <button>Compare</button>
    <button type="button" class="quiet" onClick=${() => { setOne(other); setOther(one); }}>Swap</button>
    ${a && b && html`<${Copy} text=${`queuebit jobs diff ${a} ${b}`} label="Copy as CLI" />`}</form>`;
}

const read = (id) => (signal) => get(`v1/jobs/${encodeURIComponent(id)}?include=plan,events`, { signal });

function Both({ a, b }) {
  const one = useRead(read(a), [a]);
  const other = useRead(read(b), [b]);
  return html`<${Loaded} of=${one} what="Reading A">${(first) => html`<${Loaded} of=${other} what="Reading B">${(second) => html`<${Compared} one=${first} other=${second} />`}<//>`}<//>`;
}

function Compared({ one, other }) {
  const rows = useMemo(() => rowsOf(one, other), [one, other]);
  const [counts, others] = [countsOf(one.answer), countsOf(other.answer)];
  const apart = counts && others ? distance(counts, others) : null;
  return html`${apart && html`<p class="reason">${said(apart)}</p>`}
    ${one.kind !== other.kind && html`<p class="reason">They ask different questions: ${one.kind} and ${other.kind}.</p>`}
    <div class="columns"><${Panel} title="What differs" wide=${true}><div class="table-wrap" tabindex="0" role="group" aria-label="Properties of both jobs"><table>
      <thead><tr><th scope="col">Property</th><th scope="col">A <a data-row class="id" href=${link(["jobs", one.id])}>${shortId(one.id)}</a></th>
        <th scope="col">B <a data-row class="id" href=${link(["jobs", other.id])}>${shortId(other.id)}</a></th><th scope="col">Difference</th></tr></thead>
      <tbody>${rows.map((row) => html`<tr class=${row.differs ? "differs" : ""}><th scope="row">${row.name}</th><td>${row.one}</td><td>${row.other}</td><td>${row.difference}</td></tr>`)}</tbody></table></div><//>
      ${apart && html`<${Panel} title="Outcomes that differ most" wide=${true}><${PairedBars} one=${counts} other=${others} /><//>`}</div>`;
}

function said({ value, low, high, noise, chiSquare, freedom, differ }) {
  const told = `total variation distance ${value.toFixed(4)}, 95 % interval ${low.toFixed(4)} to ${high.toFixed(4)}`;
  const test = `chi-square ${chiSquare.toFixed(1)} with ${freedom} degrees of freedom`;
  return `The outcomes ${differ ? "differ" : "do not differ"} beyond shot noise, which alone gives about ${noise.toFixed(4)}: ${told}; ${test}.`;
}

// Of each job: the attempt that answered, and where its result came from.
function sideOf(job) {
  const told = (job.events ?? []).map((event) => event.data).filter((data) => data?.ran && data.attempt_id && "started_at" in data);
  const chosen = told.findLast((data) => data.ran.backend === job.ran?.backend) ?? {};
  const attempt = job.attempts.find((each) => each.attempt_id === chosen.attempt_id) ?? {};
  const provenance = chosen.provenance ?? {};
  const circuits = (attempt.evidence?.target ?? provenance.target)?.circuits ?? [];
  const deepest = circuits.reduce((most, each) => ((each.depth ?? 0) > (most.depth ?? -1) ? each : most), {});
  return { job, attempt, provenance, deepest };
}

// [name, value for comparing, how it is shown]
const PROPERTIES = [
  ["State", (side) => side.job.state, (state) => html`<${State} state=${state} />`],
  ["Kind", (side) => side.job.kind],
  ["Lane", (side) => side.job.lane, (lane) => html`<${Lane} lane=${lane} />`],
  ["Plan", (side) => side.job.plan?.name],
  ["Policy", (side) => side.job.plan?.policy_version],
  ["Method", (side) => side.job.ran?.method],
  ["Backend", (side) => side.job.ran?.backend],
  ["Backend version", (side) => side.job.ran?.backend_version],
  ["Verdict", (side) => side.job.verdict, (state) => html`<${State} state=${state} />`],
  ["Objective", (side) => side.job.objective, number],
  ["Bound", (side) => side.job.bound, number],
  ["Gap", (side) => side.job.gap, (gap) => percent(gap, 2)],
  ["Value", (side) => side.job.answer?.value, number],
  ["Standard error", (side) => side.job.answer?.std_error, number],
  ["Confidence", (side) => side.job.confidence?.value, trust],
  ["Took", (side) => side.job.elapsed_s, seconds],
  ["Wall time", (side) => side.job.usage?.wall_s || null, seconds],
  ["Quantum processor", (side) => side.job.usage?.qpu_s || null, seconds],
  ["Shots", (side) => side.job.usage?.shots || null, number],
  ["Cost", (side) => money(side.job.cost)],
  ["Attempts", (side) => side.job.attempts.length, number],
  ["Fallbacks", (side) => side.job.fallbacks.length, number],
  ["Circuit", (side) => side.provenance.circuit_fingerprint?.slice(0, 16)],
  ["Depth on the target", (side) => side.deepest.depth, number],
  ["Two-qubit gates", (side) => side.deepest.gates_2q, number],
  ["One-qubit gates", (side) => side.deepest.gates_1q, number],
  ["Estimated success", (side) => side.deepest.success, (share) => percent(share, 2)],
  ["Calibrated", (side) => side.provenance.calibrated_at ?? side.attempt.evidence?.calibrated_at, moment],
  ["Created", (side) => side.job.created_at, moment],
];

function rowsOf(one, other) {
  const sides = [sideOf(one), sideOf(other)];
  return PROPERTIES.map(([name, of, show = String]) => {
    const [a, b] = sides.map(of);
    const known = [a, b].map((each) => each !== null && each !== undefined && each !== "");
    const differs = a !== b && known[0] && known[1];
    return { name, one: known[0] ? show(a) : NONE, other: known[1] ? show(b) : NONE, differs, difference: differs ? differenceOf(a, b) : "", none: !known[0] && !known[1] };
  }).filter((row) => !row.none);
}

function differenceOf(a, b) {
  if (typeof a !== "number" || typeof b !== "number") return "differs";
  const change = a ? ` (${b > a ? "+" : ""}${(((b - a) / Math.abs(a)) * 100).toFixed(1)} %)` : "";
  return `${b > a ? "+" : ""}${number(b - a)}${change}`;
}
