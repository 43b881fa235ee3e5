// Bins with what lies in them, or one knapsack with what was taken.
import { html } from "../core/html.js";
import { number, plural } from "../core/format.js";
import { ticks } from "../charts/scale.js";
import { AsTable } from "../parts/pieces.js";
import { tone } from "./tones.js";

const HEIGHT = 260;
const LEFT = 52;
const BOTTOM = 22;
const BIN = 34;
const BINS_MAX = 120;
const ITEMS_MAX = 1500;

export function binsOf(statement, answer) {
  if (answer.bin) {
    const bins = [];
    answer.bin.forEach((bin, item) => {
      (bins[bin] ??= []).push({ item, size: Number(statement.sizes[item]) });
    });
    return bins.filter(Boolean);
  }
  return [answer.take.flatMap((taken, item) => (taken ? [{ item, size: Number(statement.weights[item]) }] : []))];
}

export function draw(statement, answer) {
  const bins = binsOf(statement, answer);
  const items = bins.reduce((sum, each) => sum + each.length, 0);
  if (bins.length > BINS_MAX || items > ITEMS_MAX) return null;
  const capacity = Number(statement.capacity);
  const fill = (bin) => bin.reduce((sum, each) => sum + each.size, 0);
  const top = Math.max(capacity, ...bins.map(fill)) || 1;
  const high = (size) => (size / top) * (HEIGHT - BOTTOM - 12);
  const step = bins.length === 1 ? 120 : BIN;
  const wide = LEFT + Math.max(bins.length * step, 320) + 8;
  const label = answer.bin
    ? `${plural(items, "item")} in ${plural(bins.length, "bin")} of ${number(capacity)}.`
    : `${number(items)} of ${plural(answer.take.length, "item")} taken; they weigh ${number(fill(bins[0]))} of ${number(capacity)}.`;
  return html`<figure class="chart drawing"><div class="chart-scroll"><svg class="natural" viewBox="0 0 ${wide} ${HEIGHT}" width=${wide} height=${HEIGHT} role="img" aria-label=${label}>
      ${ticks(top, 4).map((at) => html`<g><line class="grid" x1=${LEFT} x2=${wide} y1=${HEIGHT - BOTTOM - high(at)} y2=${HEIGHT - BOTTOM - high(at)} /><text class="tick" x=${LEFT - 6} y=${HEIGHT - BOTTOM - high(at) + 4} text-anchor="end">${number(at)}</text></g>`)}
      ${bins.map((bin, nth) => {
        let y = HEIGHT - BOTTOM;
        return html`<g>${bin.map(({ item, size }, place) => {
          const tall = high(size);
          y -= tall;
          return html`<g class=${tone(place)}><rect class="block" x=${LEFT + nth * step + 3} y=${y + 0.5} width=${step - 6} height=${Math.max(1, tall - 1)} rx="2"><title>Item ${item}: ${number(size)}</title></rect>
            ${tall > 14 && html`<text class="in-bar" x=${LEFT + nth * step + step / 2} y=${y + tall / 2 + 4} text-anchor="middle">${item}</text>`}</g>`;
        })}${bins.length > 1 && html`<text class="tick" x=${LEFT + nth * step + step / 2} y=${HEIGHT - 6} text-anchor="middle">${nth}</text>`}</g>`;
      })}
      <line class="limit" x1=${LEFT} x2=${wide} y1=${HEIGHT - BOTTOM - high(capacity)} y2=${HEIGHT - BOTTOM - high(capacity)}><title>Capacity ${number(capacity)}</title></line></svg></div>
    <figcaption class="note">${label} The dashed line is the capacity, the number in a block the item.</figcaption>
    <${AsTable} label="Bins" rows=${bins.map((bin, nth) => ({ bin, nth }))} columns=${[
      { name: "Bin", number: true, cell: (row) => row.nth },
      { name: "Items", number: true, cell: (row) => row.bin.length },
      { name: "Filled", number: true, cell: (row) => number(fill(row.bin)) },
      { name: "Which", cell: (row) => html`<span class="wrap">${row.bin.map((each) => each.item).join(" ")}</span>` },
    ]} /></figure>`;
}
