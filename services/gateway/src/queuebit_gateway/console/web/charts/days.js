// Jobs of each day as stacked bars, by what became of them.
import { html } from "../core/html.js";
import { number, plural } from "../core/format.js";
import { AsTable } from "../parts/pieces.js";
import { ticks } from "./scale.js";

const ENDS = [
  ["completed", "good"],
  ["failed", "bad"],
  ["rejected", "bad-2"],
  ["expired", "warn"],
  ["cancelled", "idle"],
];
const WIDTH = 560;
const HEIGHT = 170;
const LEFT = 44;
const BOTTOM = 24;

function lastDays(count, today) {
  const days = [];
  for (let nth = count - 1; nth >= 0; nth -= 1) days.push(new Date(today - nth * 86400000).toISOString().slice(0, 10));
  return days;
}

export function Days({ usage, count = 14, today = Date.now() }) {
  const known = new Map(usage.days.map((each) => [each.day, each]));
  const days = lastDays(count, today).map((day) => ({ day, jobs: known.get(day)?.jobs ?? {} }));
  const ended = (jobs) => ENDS.reduce((sum, [name]) => sum + (jobs[name] ?? 0), 0);
  const top = Math.max(1, ...days.map((each) => ended(each.jobs)));
  const high = (value) => (value / top) * (HEIGHT - BOTTOM - 8);
  const step = (WIDTH - LEFT) / count;
  const total = days.reduce((sum, each) => sum + ended(each.jobs), 0);
  const bars = days.map((each, nth) => {
    let at = HEIGHT - BOTTOM;
    return ENDS.filter(([name]) => each.jobs[name]).map(([name, tone]) => {
      const tall = high(each.jobs[name]);
      at -= tall;
      return html`<rect class="fill-${tone}" x=${LEFT + nth * step + step * 0.18} y=${at} width=${step * 0.64} height=${Math.max(1, tall - 1)} rx="1.5">
        <title>${each.day}: ${number(each.jobs[name])} ${name}</title></rect>`;
    });
  });
  return html`<figure class="chart"><figcaption class="legend">${ENDS.map(([name, tone]) => html`<span><i class="swatch fill-${tone}"></i>${name}</span>`)}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${`Jobs that ended on each of the last ${count} days: ${plural(total, "job")}.`}>
      ${ticks(top, 4).filter(Number.isInteger).map((value) => html`<g><line class="grid" x1=${LEFT} x2=${WIDTH} y1=${HEIGHT - BOTTOM - high(value)} y2=${HEIGHT - BOTTOM - high(value)} />
        <text class="tick" x=${LEFT - 6} y=${HEIGHT - BOTTOM - high(value) + 4} text-anchor="end">${number(value)}</text></g>`)}
      ${bars}
      ${days.map((each, nth) => (nth % 2 === (count - 1) % 2) && html`<text class="tick" x=${LEFT + (nth + 0.5) * step} y=${HEIGHT - 7} text-anchor="middle">${each.day.slice(5)}</text>`)}
    </svg>
    <${AsTable} label="Jobs that ended, by day" rows=${days} columns=${[
      { name: "Day", cell: (row) => row.day },
      ...ENDS.map(([name]) => ({ name, number: true, cell: (row) => number(row.jobs[name] ?? 0) })),
    ]} /></figure>`;
}
