// A flat circuit as it is read from its text: wires, boxes, controls. What has loops or conditions stays text.
import { html } from "../core/html.js";
import { plural } from "../core/format.js";

const WIRES_MAX = 70;
const LAYERS_DRAWN = 60;
const OPERATIONS_MAX = 5000;
const ROW = 30;
const COLUMN = 44;
const LEFT = 64;
const NOT_FLAT = /\b(for|while|if|else|switch|def|defcal|ctrl|negctrl|inv|pow|box|delay|input|cal|extern|let)\b/;
const CONTROLS = { cx: 1, cy: 1, cz: 1, ch: 1, crx: 1, cry: 1, crz: 1, cp: 1, cu: 1, cu1: 1, cu3: 1, cswap: 1, ccx: 2, ccz: 2, CX: 1 };

// {wires, operations: [{name, params, wires}]}; null where it is not flat.
export function readCircuit(text) {
  const bare = text.replace(/\/\/[^\n]*/g, "").replace(/\/\*[\s\S]*?\*\//g, "").replace(/\bgate\b[^{]*\{[^}]*\}/g, "");
  if (NOT_FLAT.test(bare) || /[{}]/.test(bare)) return null;
  const wires = [];
  const registers = new Map();
  const bits = new Set();
  const operations = [];
  const operands = (words) => words.split(",").map((each) => {
    const found = /^\s*([A-Za-z_]\w*)\s*(?:\[\s*(\d+)\s*\])?\s*$/.exec(words && each);
    const register = found && registers.get(found[1]);
    if (!register) return null;
    return found[2] === undefined ? register : [register[Number(found[2])]];
  });
  for (const raw of bare.split(";")) {
    const line = raw.trim();
    if (!line || /^(OPENQASM|include)\b/.test(line)) continue;
    let found = /^qreg\s+(\w+)\s*\[(\d+)\]$/.exec(line) ?? null;
    const modern = /^qubit(?:\s*\[\s*(\d+)\s*\])?\s+(\w+)$/.exec(line);
    if (found || modern) {
      const [name, size] = found ? [found[1], Number(found[2])] : [modern[2], Number(modern[1] ?? 1)];
      if (wires.length + size > 4096) return null;
      registers.set(name, Array.from({ length: size }, (_, nth) => wires.push(modern && modern[1] === undefined ? name : `${name}[${nth}]`) - 1));
      continue;
    }
    found = /^(?:creg\s+(\w+)\s*\[\d+\]|bit(?:\s*\[\s*\d+\s*\])?\s+(\w+))$/.exec(line);
    if (found) {
      bits.add(found[1] ?? found[2]);
      continue;
    }
    found = /^measure\s+([^-]+?)(?:\s*->.*)?$/.exec(line) ?? /=\s*measure\s+(.+)$/.exec(line);
    const measured = found && operands(found[1]);
    if (measured) {
      if (measured.includes(null)) return null;
      for (const wire of measured.flat()) operations.push({ name: "measure", params: "", wires: [wire] });
      continue;
    }
    found = /^([A-Za-z_]\w*)\s*(?:\(([^)]*(?:\([^)]*\)[^)]*)*)\))?\s+(.+)$/.exec(line) ?? (/^barrier$/.test(line) ? [line, "barrier", "", [...registers.keys()].join(",")] : null);
    const on = found && operands(found[3]);
    if (!on || on.includes(null) || bits.has(found[1])) return null;
    const times = found[1] === "barrier" ? 1 : Math.max(...on.map((each) => each.length));
    for (let nth = 0; nth < times; nth += 1) {
      operations.push({ name: found[1], params: found[2] ?? "", wires: found[1] === "barrier" ? on.flat() : on.map((each) => each[Math.min(nth, each.length - 1)]) });
    }
    if (operations.length > OPERATIONS_MAX) return null;
  }
  return wires.length ? { wires, operations } : null;
}

// Each operation as far left as its wires allow; those between its wires stay free.
export function layersOf({ wires, operations }) {
  const free = new Array(wires.length).fill(0);
  return operations.map((each) => {
    const low = Math.min(...each.wires);
    const high = Math.max(...each.wires);
    let layer = 0;
    for (let wire = low; wire <= high; wire += 1) layer = Math.max(layer, free[wire]);
    for (let wire = low; wire <= high; wire += 1) free[wire] = layer + 1;
    return { ...each, layer, low, high };
  });
}

export function metricsOf({ wires, operations }) {
  const gates = operations.filter((each) => each.name !== "barrier" && each.name !== "measure");
  const free = new Array(wires.length).fill(0);
  for (const each of operations.filter((one) => one.name !== "barrier")) {
    const layer = Math.max(...each.wires.map((wire) => free[wire])) + 1;
    for (const wire of each.wires) free[wire] = layer;
  }
  return { qubits: wires.length, gates: gates.length, depth: Math.max(0, ...free), two: gates.filter((each) => each.wires.length > 1).length };
}

export function CircuitPicture({ circuit }) {
  if (circuit.wires.length > WIRES_MAX) return html`<p class="note">Too wide to be drawn: ${plural(circuit.wires.length, "qubit")}.</p>`;
  const placed = layersOf(circuit);
  const depth = Math.max(0, ...placed.map((each) => each.layer + 1));
  const drawn = placed.filter((each) => each.layer < LAYERS_DRAWN);
  const wide = LEFT + Math.min(depth, LAYERS_DRAWN) * COLUMN + 16;
  const tall = circuit.wires.length * ROW + 10;
  const y = (wire) => wire * ROW + ROW / 2 + 4;
  const label = `A circuit of ${plural(circuit.wires.length, "qubit")} and ${plural(circuit.operations.length, "operation")}.`;
  return html`<div class="chart-scroll" tabindex="0" role="group" aria-label="Drawing of the circuit"><svg class="natural" width=${wide} height=${tall} viewBox="0 0 ${wide} ${tall}" role="img" aria-label=${label}>
      ${circuit.wires.map((name, wire) => html`<g><text class="tick" x=${LEFT - 12} y=${y(wire) + 4} text-anchor="end">${name}</text><line class="wire" x1=${LEFT - 6} x2=${wide - 6} y1=${y(wire)} y2=${y(wire)} /></g>`)}
      ${drawn.map((each) => html`<${Gate} gate=${each} x=${LEFT + each.layer * COLUMN + COLUMN / 2} y=${y} />`)}</svg></div>
    ${depth > LAYERS_DRAWN && html`<p class="note">The first ${LAYERS_DRAWN} of ${depth} layers.</p>`}`;
}

function Gate({ gate, x, y }) {
  const said = `${gate.name}${gate.params ? `(${gate.params})` : ""} on ${gate.wires.join(", ")}`;
  if (gate.name === "barrier") return html`<line class="barrier" x1=${x} x2=${x} y1=${y(gate.low) - 12} y2=${y(gate.high) + 12}><title>barrier</title></line>`;
  const controls = gate.wires.slice(0, CONTROLS[gate.name] ?? 0);
  const targets = gate.wires.slice(controls.length);
  const name = controls.length ? gate.name.replace(/^c+/i, "") || gate.name : gate.name;
  return html`<g class="gate"><title>${said}</title>
    ${gate.high > gate.low && html`<line x1=${x} x2=${x} y1=${y(gate.low)} y2=${y(gate.high)} />`}
    ${controls.map((wire) => html`<circle class="control" cx=${x} cy=${y(wire)} r="4" />`)}
    ${targets.map((wire) => (name === "x" && controls.length
      ? html`<g><circle class="not" cx=${x} cy=${y(wire)} r="9" /><path d=${`M${x - 9} ${y(wire)}h18M${x} ${y(wire) - 9}v18`} /></g>`
      : html`<g><rect class=${gate.name === "measure" ? "measure" : "box"} x=${x - 17} y=${y(wire) - 11} width="34" height="22" rx="3" />
        <text x=${x} y=${y(wire) + 4} text-anchor="middle">${gate.name === "measure" ? "M" : name.slice(0, 5)}</text></g>`))}</g>`;
}
