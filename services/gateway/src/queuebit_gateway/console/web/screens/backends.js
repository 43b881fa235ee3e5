// What each backend can do, how it is, how old its calibration is, and what our own attempts there took. An old report is never shown as how things are.
import { html } from "../core/html.js";
import { get } from "../core/api.js";
import { NONE, number, percent, seconds, words } from "../core/format.js";
import { link } from "../core/router.js";
import { useRead } from "../core/load.js";
import { Lane, State } from "../parts/badges.js";
import { Copy, Empty, Facts, Loaded, Meter, Panel, Table, Title, When } from "../parts/pieces.js";

const LANES = ["quantum", "simulator", "classical", "rule"];

export function Backends({ route }) {
  const read = useRead((signal) => get("v1/backends", { signal }), ["backends"], { everyMs: 10000 });
  const name = route.path[1];
  return html`<${Title} document=${name ?? "Backends"}>${name ?? "Backends"}<//>
    <${Loaded} of=${read} what="Reading backends">${({ data }) => (name ? html`<${One} backend=${data.find((each) => each.name === name)} name=${name} others=${data} />` : html`<${All} backends=${data} />`)}<//>`;
}

const byLane = (a, b) => LANES.indexOf(a.lane) - LANES.indexOf(b.lane) || (a.name < b.name ? -1 : 1);

function All({ backends }) {
  if (!backends.length) return html`<${Empty}>No backend has reported within a month. The quantum-adapter reports those that it has: <code>queuebit backends list</code><//>`;
  const rows = [...backends].sort(byLane);
  return html`<div class="columns"><${Panel} title="How they are" note="Hardware beside simulators" wide=${true}><${Table} label="How backends are" rows=${rows} rowKey=${(row) => row.name} columns=${HEALTH} /><//>
    <${Panel} title="What they can do" wide=${true}><${Table} label="What backends can do" rows=${rows} rowKey=${(row) => row.name} columns=${MATRIX} /><//></div>
    <p class="below"><${Copy} text="queuebit backends list" label="Copy as CLI" /></p>`;
}

const nameOf = (row) => html`<a data-row href=${link(["backends", row.name])}>${row.name}</a>`;

const HEALTH = [
  { name: "Backend", cell: nameOf },
  { name: "Lane", cell: (row) => html`<${Lane} lane=${row.lane} />` },
  { name: "State", cell: (row) => html`<${State} state=${row.state} />` },
  { name: "Report", cell: (row) => html`<${When} at=${row.reported_at} />` },
  { name: "Queue", number: true, cell: (row) => number(row.queue_length) },
  { name: "Calibrated", cell: (row) => (row.calibrated_at ? html`<${When} at=${row.calibrated_at} />` : NONE) },
  { name: "2-qubit error", number: true, cell: (row) => errorOf(row.calibration?.two_qubit_error) },
  { name: "Readout error", number: true, cell: (row) => errorOf(row.calibration?.readout_error) },
  { name: "Our runs", number: true, cell: (row) => number(row.runs?.total) },
  { name: "Failed", number: true, cell: (row) => (row.runs?.total ? percent(row.runs.failed / row.runs.total) : NONE) },
  { name: "Wait p50", number: true, cell: (row) => seconds(row.runs?.wait_s_median) },
  { name: "p90", number: true, cell: (row) => seconds(row.runs?.wait_s_p90) },
];

const yes = (value) => (value === undefined || value === null ? NONE : value ? "yes" : "no");

const MATRIX = [
  { name: "Backend", cell: (row) => row.name },
  { name: "Qubits", number: true, cell: (row) => number(row.qubits_max) },
  { name: "Shots at most", number: true, cell: (row) => number(row.capabilities?.shots_max) },
  { name: "Circuits a run", number: true, cell: (row) => number(row.capabilities?.circuits_max) },
  { name: "Noise", cell: (row) => row.capabilities?.noise ?? NONE },
  { name: "Exact values", cell: (row) => yes(row.capabilities?.exact) },
  { name: "Estimates", cell: (row) => yes(row.capabilities?.estimates) },
  { name: "Repeats", cell: (row) => yes(row.capabilities?.repeats) },
  { name: "Annealer", cell: (row) => yes(row.capabilities?.annealer) },
  { name: "A lost submission", cell: (row) => row.capabilities?.recovery ?? NONE },
  { name: "Mitigation", cell: (row) => row.capabilities?.mitigations?.map(words).join(", ") || NONE },
];

function errorOf(value) {
  return value === null || value === undefined ? NONE : percent(value, 2);
}

function One({ backend, name, others }) {
  if (!backend) return html`<${Empty}>No backend ${name} has reported within a month. <a href=${link(["backends"])}>All backends</a><//>`;
  const { capabilities, calibration, runs } = backend;
  return html`<nav class="crumbs" aria-label="Where this is"><a href=${link(["backends"])}>Backends</a></nav>
    <${Facts} items=${[
      ["State", html`<${State} state=${backend.state} />`], ["Lane", html`<${Lane} lane=${backend.lane} />`], ["Last report", html`<${When} at=${backend.reported_at} />`],
      ["Reached by", backend.provider], ["Queue", number(backend.queue_length)], ["Qubits", number(backend.qubits_max)], ["What it said", backend.detail],
    ]} />
    <div class="columns">
      <${Panel} title="Calibration" note="Medians over what works">${calibration ? html`<${Facts} items=${[
        ["Calibrated", backend.calibrated_at ? html`<${When} at=${backend.calibrated_at} />` : null], ["Qubits", number(calibration.qubits)], ["Couplings", number(calibration.couplings)],
        ["Working", calibration.working === null || calibration.working === undefined ? null : html`${percent(calibration.working)} <${Meter} share=${calibration.working} label=${`Working: ${percent(calibration.working)}`} />`],
        ["2-qubit error", errorOf(calibration.two_qubit_error)], ["Readout error", errorOf(calibration.readout_error)],
        ["T1", calibration.t1_s ? `${number(calibration.t1_s * 1e6)} µs` : null], ["T2", calibration.t2_s ? `${number(calibration.t2_s * 1e6)} µs` : null],
      ]} />` : html`<${Empty}>It tells no calibration${backend.lane === "quantum" ? "" : ": it is no device"}.<//>`}<//>
      <${Panel} title="Our own attempts there">${runs?.count ? html`<${Facts} items=${[
        ["All of them", number(runs.total)], ["Failed", number(runs.failed)], ["Measured", `the last ${number(runs.count)}`], ["Wait, p50", seconds(runs.wait_s_median)],
        ["Wait, p90", seconds(runs.wait_s_p90)], ["Turnaround, p50", seconds(runs.turnaround_s_median)], ["Last", runs.last_at ? html`<${When} at=${runs.last_at} />` : null],
      ]} />` : html`<${Empty}>Nothing that was measured ran there yet${runs?.failed ? `; ${number(runs.failed)} failed` : ""}.<//>`}<//>
      <${Panel} title="What it can do" wide=${true}>${capabilities ? html`<${Facts} items=${Object.entries(capabilities).map(([key, value]) => [words(key), Array.isArray(value) ? value.map(words).join(", ") : typeof value === "boolean" ? yes(value) : typeof value === "number" ? number(value) : value])} />`
        : html`<${Empty}>It has not said what it can do.<//>`}<//>
      <${Panel} title="Beside the others" wide=${true}><${Table} label="Beside the others" rows=${[...others].sort(byLane)} rowKey=${(row) => row.name} columns=${HEALTH} /><//>
    </div>`;
}
