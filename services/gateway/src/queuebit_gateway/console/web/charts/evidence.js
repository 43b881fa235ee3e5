// How far the odds of each hypothesis are, against the line that they must pass.
import { html } from "../core/html.js";
import { number, words } from "../core/format.js";
import { AsTable, Empty } from "../parts/pieces.js";

const WIDTH = 1100;
const LEFT = 230;
const ROW = 34;

export function Evidence({ evidence }) {
  if (!evidence.length) return html`<${Empty}>Nothing is asked of it yet.<//>`;
  const most = Math.max(1, ...evidence.flatMap((each) => [each.log_threshold * 1.15, each.log_e]));
  const x = (value) => LEFT + (Math.max(0, Math.min(value, most)) / most) * (WIDTH - LEFT - 70);
  const tall = evidence.length * ROW + 8;
  return html`<figure class="chart"><figcaption class="legend"><span><i class="swatch fill-accent"></i>odds so far, on a logarithmic scale</span><span><i class="swatch fill-bad"></i>what they must pass</span></figcaption>
    <div class="chart-scroll" tabindex="0" role="group" aria-label="Drawing of the evidence"><svg viewBox="0 0 ${WIDTH} ${tall}" role="img" aria-label=${`${evidence.length} hypotheses, ${evidence.filter((each) => each.log_e >= each.log_threshold).length} of them shown.`}>
      ${evidence.map((each, nth) => {
        const y = 4 + nth * ROW;
        return html`<g><title>${each.meaning}</title><text class="leg-name" x="0" y=${y + 14}>${words(each.hypothesis)}</text>
          <rect class="fill-accent" x=${LEFT} y=${y + 3} width=${Math.max(1, x(each.log_e) - LEFT)} height="15" rx="2" />
          <line class="limit" x1=${x(each.log_threshold)} x2=${x(each.log_threshold)} y1=${y} y2=${y + 22} />
          <text class="tick" x=${x(Math.max(each.log_e, each.log_threshold)) + 6} y=${y + 15}>${number(Math.round(each.log_e * 100) / 100)}</text></g>`;
      })}</svg></div>
    <${AsTable} label="Evidence" rows=${evidence} columns=${[
      { name: "Hypothesis", cell: (row) => words(row.hypothesis) },
      { name: "It says", cell: (row) => row.meaning },
      { name: "Log odds", number: true, cell: (row) => number(row.log_e) },
      { name: "Needed", number: true, cell: (row) => number(row.log_threshold) },
      { name: "Shown after", cell: (row) => (row.shown_after_pairs ? `${number(row.shown_after_pairs)} pairs` : "not shown") },
    ]} /></figure>`;
}
