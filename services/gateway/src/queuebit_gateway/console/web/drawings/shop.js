// The schedule of a job shop or a flow shop: machines as lines, operations as bars.
import { html } from "../core/html.js";
import { number, plural } from "../core/format.js";
import { ticks } from "../charts/scale.js";
import { AsTable } from "../parts/pieces.js";
import { tone } from "./tones.js";

const WIDTH = 600;
const LEFT = 34;
const ROW = 26;
const TOP = 20;
const BARS_MAX = 2000;
const LABEL_WIDTH_MIN = 15;

// {job, machine, start, end} of each operation.
export function operationsOf(statement, answer) {
  if (answer.start) {
    return statement.jobs.flatMap((operations, job) => operations.map(([machine, duration], nth) => (
      { job, machine, start: answer.start[job][nth], end: answer.start[job][nth] + duration })));
  }
  const free = statement.durations[0].map(() => 0);
  return answer.order.flatMap((job) => {
    let ready = 0;
    return statement.durations[job].map((duration, machine) => {
      const start = Math.max(ready, free[machine]);
      ready = free[machine] = start + duration;
      return { job, machine, start, end: ready };
    });
  });
}

export function draw(statement, answer) {
  const operations = operationsOf(statement, answer);
  if (operations.length > BARS_MAX) return null;
  const end = operations.reduce((last, each) => Math.max(last, each.end), 0);
  const machines = statement.machines ?? statement.durations[0].length;
  const jobs = statement.jobs?.length ?? statement.durations.length;
  const x = (time) => LEFT + (time / (end || 1)) * (WIDTH - LEFT - 8);
  const tall = TOP + machines * ROW + 4;
  const label = `${plural(jobs, "job")} on ${plural(machines, "machine")}, done after ${number(end)}.`;
  return html`<figure class="chart drawing"><div class="chart-scroll"><svg viewBox="0 0 ${WIDTH} ${tall}" role="img" aria-label=${label}>
      ${ticks(end, 8).map((at) => html`<g><line class="grid" x1=${x(at)} x2=${x(at)} y1=${TOP - 4} y2=${tall} /><text class="tick" x=${x(at)} y=${TOP - 8} text-anchor="middle">${number(at)}</text></g>`)}
      ${Array.from({ length: machines }, (_, nth) => html`<text class="tick" x=${LEFT - 8} y=${TOP + nth * ROW + 17} text-anchor="end">M${nth}</text>`)}
      ${operations.filter((each) => each.end > each.start).map((each) => {
        const wide = x(each.end) - x(each.start);
        const y = TOP + each.machine * ROW;
        return html`<g class=${tone(each.job)}><rect class="block" x=${x(each.start) + 0.5} y=${y + 2} width=${Math.max(1, wide - 1)} height=${ROW - 5} rx="2">
          <title>Job ${each.job} on machine ${each.machine}: ${number(each.start)} to ${number(each.end)}</title></rect>
          ${wide >= LABEL_WIDTH_MIN && html`<text class="in-bar" x=${x(each.start) + wide / 2} y=${y + 17} text-anchor="middle">${each.job}</text>`}</g>`;
      })}</svg></div>
    <figcaption class="note">${label} The number in a bar is the job.</figcaption>
    <${AsTable} label="Operations" rows=${operations.slice(0, 500)} columns=${[
      { name: "Job", number: true, cell: (row) => row.job },
      { name: "Machine", number: true, cell: (row) => row.machine },
      { name: "Start", number: true, cell: (row) => number(row.start) },
      { name: "End", number: true, cell: (row) => number(row.end) },
    ]} /></figure>`;
}
