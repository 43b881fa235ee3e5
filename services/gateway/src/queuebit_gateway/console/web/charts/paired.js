// Outcomes of two samples under each other, those that differ most first, each share with its 95 % interval.
import { html } from "../core/html.js";
import { number, percent, wilson } from "../core/format.js";
import { AsTable } from "../parts/pieces.js";
import { ticks } from "./scale.js";

const TOP = 10;
const WIDTH = 820;
const ROW = 34;
const HEAD = 22;
const CHARACTER = 7.3;

export function pairsOf(one, other, top = TOP) {
  const total = (counts) => Object.values(counts).reduce((sum, each) => sum + each, 0);
  const [n, m] = [total(one), total(other)];
  const side = (count, shots) => ({ count, share: count / shots, interval: wilson(count / shots, shots) });
  return [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .map((bits) => ({ bits, a: side(one[bits] ?? 0, n), b: side(other[bits] ?? 0, m) }))
    .sort((x, y) => Math.abs(y.a.share - y.b.share) - Math.abs(x.a.share - x.b.share) || (x.bits < y.bits ? -1 : 1))
    .slice(0, top);
}

export function PairedBars({ one, other }) {
  const pairs = pairsOf(one, other);
  const top = Math.max(...pairs.flatMap((each) => [each.a.interval[1], each.b.interval[1]]));
  const left = Math.min(280, Math.max(60, Math.max(...pairs.map((each) => each.bits.length)) * CHARACTER + 14));
  const x = (share) => left + (share / top) * (WIDTH - left - 70);
  const tall = HEAD + pairs.length * ROW + 4;
  const bar = (side, y, tone, name) => html`<g><title>${name}: ${number(side.count)}, ${percent(side.share, 2)}</title>
    <rect class=${tone} x=${left} y=${y} width=${Math.max(1, x(side.share) - left)} height="11" rx="2" />
    <path class="whisker" d=${`M${x(side.interval[0])} ${y + 5.5}H${x(side.interval[1])}M${x(side.interval[0])} ${y + 2}v7M${x(side.interval[1])} ${y + 2}v7`} /></g>`;
  return html`<figure class="chart"><figcaption class="legend"><span><i class="swatch fill-accent"></i>A, above</span><span><i class="swatch fill-warn"></i>B, below</span></figcaption>
    <svg viewBox="0 0 ${WIDTH} ${tall}" role="img" aria-label="The shares of the outcomes that differ most, A above B.">
      ${ticks(top, 5).map((at) => html`<g><line class="grid" x1=${x(at)} x2=${x(at)} y1=${HEAD - 4} y2=${tall} /><text class="tick" x=${x(at)} y=${HEAD - 9} text-anchor="middle">${percent(at, 0)}</text></g>`)}
      ${pairs.map((each, nth) => {
        const y = HEAD + nth * ROW;
        return html`<g><text class="bits" x=${left - 8} y=${y + 19} text-anchor="end">${each.bits.length > 34 ? `${each.bits.slice(0, 16)}…${each.bits.slice(-16)}` : each.bits}</text>
          ${bar(each.a, y + 3, "fill-accent", `A ${each.bits}`)}${bar(each.b, y + 16, "fill-warn", `B ${each.bits}`)}</g>`;
      })}</svg>
    <${AsTable} label="Outcomes of both" rows=${pairs} columns=${[
      { name: "Outcome", cell: (row) => html`<span class="id">${row.bits}</span>` },
      { name: "A", number: true, cell: (row) => percent(row.a.share, 2) },
      { name: "B", number: true, cell: (row) => percent(row.b.share, 2) },
      { name: "Difference", number: true, cell: (row) => percent(row.b.share - row.a.share, 2) },
    ]} /></figure>`;
}
