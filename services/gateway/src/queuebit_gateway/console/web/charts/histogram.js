// Outcomes of a circuit: the share of each with its 95 % interval, those seen most first.
import { html } from "../core/html.js";
import { number, percent, plural, wilson } from "../core/format.js";
import { AsTable } from "../parts/pieces.js";
import { ticks } from "./scale.js";

const TOP = 16;
const WIDTH = 560;
const ROW = 22;
const HEAD = 22;
const CHARACTER = 7.3;

export function countsOf(answer) {
  const counts = answer?.counts;
  if (!counts || typeof counts !== "object" || Array.isArray(counts)) return null;
  return Object.values(counts).every((each) => Number.isInteger(each)) ? counts : null;
}

export function outcomesOf(counts, top = TOP) {
  const shots = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const ordered = Object.entries(counts).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const shown = ordered.slice(0, top).map(([bits, count]) => {
    const [low, high] = wilson(count / shots, shots);
    return { bits, count, share: count / shots, low, high };
  });
  return { shots, shown, others: ordered.length - shown.length };
}

export function Histogram({ counts, title = "Outcomes" }) {
  const { shots, shown, others } = outcomesOf(counts);
  if (!shots) return html`<p class="empty">Nothing was counted.</p>`;
  const top = Math.max(...shown.map((each) => each.high));
  const left = Math.min(260, Math.max(60, Math.max(...shown.map((each) => each.bits.length)) * CHARACTER + 14));
  const x = (share) => left + (share / top) * (WIDTH - left - 70);
  const tall = HEAD + shown.length * ROW + 4;
  return html`<figure class="chart"><figcaption class="note">${title}: ${plural(shots, "shot")}, ${plural(shown.length, "outcome")}${others > 0 ? ` of ${number(shown.length + others)}` : ""}, with the 95 % interval of each share (Wilson).</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${tall}" role="img" aria-label=${`${title}: most often ${shown[0].bits}, ${percent(shown[0].share)}.`}>
      ${ticks(top, 5).map((at) => html`<g><line class="grid" x1=${x(at)} x2=${x(at)} y1=${HEAD - 4} y2=${tall} /><text class="tick" x=${x(at)} y=${HEAD - 9} text-anchor="middle">${percent(at, 0)}</text></g>`)}
      ${shown.map((each, nth) => {
        const y = HEAD + nth * ROW;
        return html`<g><title>${each.bits}: ${number(each.count)}, ${percent(each.share)} (${percent(each.low)} to ${percent(each.high)})</title>
          <text class="bits" x=${left - 8} y=${y + 14} text-anchor="end">${shortBits(each.bits)}</text>
          <rect class="fill-accent" x=${left} y=${y + 3} width=${x(each.share) - left} height=${ROW - 8} rx="2" />
          <path class="whisker" d=${`M${x(each.low)} ${y + ROW / 2 - 1}H${x(each.high)}M${x(each.low)} ${y + 6}v8M${x(each.high)} ${y + 6}v8`} />
          <text class="tick" x=${x(each.high) + 6} y=${y + 14}>${percent(each.share)}</text></g>`;
      })}
    </svg>
    <${AsTable} label=${title} rows=${shown} columns=${[
      { name: "Outcome", cell: (row) => html`<span class="id">${row.bits}</span>` },
      { name: "Count", number: true, cell: (row) => number(row.count) },
      { name: "Share", number: true, cell: (row) => percent(row.share, 2) },
      { name: "95 % interval", number: true, cell: (row) => `${percent(row.low, 2)} to ${percent(row.high, 2)}` },
    ]} /></figure>`;
}

function shortBits(bits) {
  return bits.length > 32 ? `${bits.slice(0, 15)}…${bits.slice(-15)}` : bits;
}
