// The circuit that was asked for: its numbers, its picture where it is flat, and its text.
import { html, useMemo } from "../../core/html.js";
import { number } from "../../core/format.js";
import { CircuitPicture, metricsOf, readCircuit } from "../../charts/circuit.js";
import { Copy, Facts, Failed, Reading } from "../../parts/pieces.js";
import { useStatement } from "./statement.js";

export function Circuit({ job }) {
  const { statement, error } = useStatement(job);
  const circuit = useMemo(() => (statement?.qasm ? readCircuit(statement.qasm) : null), [statement]);
  if (error) return html`<${Failed} error=${error} />`;
  if (!statement) return html`<${Reading} what="Reading the circuit" />`;
  const metrics = circuit && metricsOf(circuit);
  return html`<h3>The circuit as it was asked for</h3>
    ${metrics && html`<${Facts} items=${[["Qubits", number(metrics.qubits)], ["Gates", number(metrics.gates)], ["Of two qubits or more", number(metrics.two)], ["Depth", number(metrics.depth)]]} />`}
    ${circuit ? html`<${CircuitPicture} circuit=${circuit} />` : html`<p class="note">It has loops, conditions or subroutines, so it is shown as text.</p>`}
    <details open=${!circuit}><summary>OpenQASM</summary><div class="snippet-head"><${Copy} text=${statement.qasm} label="Copy OpenQASM" /></div>
      <pre tabindex="0" aria-label="OpenQASM">${statement.qasm}</pre></details>`;
}
