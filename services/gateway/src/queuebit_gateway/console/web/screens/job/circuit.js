// The circuit that was asked for: its numbers, its picture where it is flat, and its text.
import { html, useMemo, useState } from "../../core/html.js";
import { get } from "../../core/api.js";
import { NONE, number, percent } from "../../core/format.js";
import { CircuitPicture, metricsOf, readCircuit } from "../../charts/circuit.js";
import { useRead } from "../../core/load.js";
import { Copy, Empty, Failed, Loaded, Reading, Table } from "../../parts/pieces.js";
import { textOf } from "./artifacts.js";
import { shutOf, useStatement } from "./statement.js";

export function Circuit({ job }) {
  const { statement, error } = useStatement(job);
  const circuit = useMemo(() => (statement?.qasm ? readCircuit(statement.qasm) : null), [statement]);
  if (error) return html`<${Failed} error=${error} />`;
  if (!statement) return html`<${Reading} what="Reading the circuit" />`;
  if (shutOf(statement)) return html`<p class="note">The circuit is ${shutOf(statement)}.</p>`;
  return html`<${BeforeAndAfter} asked=${circuit && metricsOf(circuit)} ran=${targetOf(job)} />
    ${circuit ? html`<${CircuitPicture} circuit=${circuit} />` : html`<p class="note">It has loops, conditions or subroutines, so it is shown as text.</p>`}
    <details open=${!circuit}><summary>OpenQASM</summary><div class="snippet-head"><${Copy} text=${statement.qasm} label="Copy OpenQASM" /></div>
      <pre tabindex="0" aria-label="OpenQASM">${statement.qasm}</pre></details>
    ${job.attempts.some((each) => each.artifacts) && html`<${AsItRan} job=${job} />`}`;
}

// The circuit as the backend was given it, where that was kept.
function AsItRan({ job }) {
  const [open, setOpen] = useState(false);
  return html`<details onToggle=${(event) => setOpen(event.target.open)}><summary>The circuit as it ran</summary>${open && html`<${Ran} job=${job} />`}</details>`;
}

function Ran({ job }) {
  const read = useRead(async (signal) => {
    const { data } = await get(`v1/jobs/${job.id}/artifacts`, { signal });
    const found = data.flatMap((attempt) => attempt.artifacts).findLast((item) => item.kept && /(^|\/)ran-0\.qasm$/.test(item.name));
    return found ? { name: found.name, text: await textOf(job.id, found.sha256, { signal }) } : { name: null, text: "" };
  }, [job.id, job.attempts.length]);
  return html`<${Loaded} of=${read} what="Reading the circuit that ran">${({ name, text }) => {
    if (!name) return html`<${Empty}>It was not kept as OpenQASM; what was is listed below.<//>`;
    const circuit = readCircuit(text);
    return html`${circuit ? html`<${CircuitPicture} circuit=${circuit} />` : html`<p class="note">It is shown as text.</p>`}
      <div class="snippet-head"><${Copy} text=${text} label="Copy OpenQASM that ran" /></div><pre tabindex="0" aria-label="OpenQASM that ran">${text}</pre>`;
  }}<//>`;
}

// The deepest circuit as the target ran it, where the worker told of it.
function targetOf(job) {
  const circuits = job.attempts.flatMap((each) => each.evidence?.target?.circuits ?? []);
  return circuits.reduce((most, each) => ((each.depth ?? 0) >= (most?.depth ?? 0) ? each : most), null);
}

function BeforeAndAfter({ asked, ran }) {
  if (!asked && !ran) return null;
  const rows = [
    ["Depth", asked?.depth, ran?.depth, number],
    ["Gates of one qubit", asked && asked.gates - asked.two, ran?.gates_1q, number],
    ["Gates of two qubits", asked?.two, ran?.gates_2q, number],
    ["Qubits", asked?.qubits, ran?.layout?.length, number],
    ["Estimated success", null, ran?.success, (share) => percent(share, 2)],
  ].filter(([, before, after]) => (before ?? after ?? null) !== null);
  return html`<h3>The circuit, as asked for${ran ? " and as it ran" : ""}</h3>
    <${Table} label="The circuit before and after it was fitted" rows=${rows} columns=${[
      { name: "Property", cell: ([name]) => name },
      { name: "Asked for", number: true, cell: ([, before, , show]) => show(before) },
      ...(ran ? [{ name: "On the target", number: true, cell: ([, , after, show]) => show(after) }] : []),
    ]} />
    ${ran?.layout && html`<p class="note">Qubits of the target, in order of those asked for: ${[].concat(ran.layout).join(", ") || NONE}.</p>`}`;
}
