// Legs over time: what each attempt waited, ran and was checked, on an axis whose long gaps are cut short.
import { html } from "../core/html.js";
import { NONE, seconds, words } from "../core/format.js";
import { useNow } from "../core/load.js";
import { Lane, State } from "../parts/badges.js";
import { AsTable } from "../parts/pieces.js";
import { median, ticks } from "./scale.js";

const WIDTH = 900;
const LEFT = 190;
const RIGHT = 12;
const ROW = 34;
const TOP = 26;
const GAP_FACTOR = 10;
const CUT_SHARE = 0.06;
const BARS_MAX = 200;
const OPEN = new Set(["queued", "running", "validating"]);

// The spans of each attempt in seconds since the job began.
export function spansOf(job, explanation, now) {
  const start = Date.parse(job.created_at);
  const since = (text) => (text ? Math.max(0, (Date.parse(text) - start) / 1000) : null);
  const times = new Map((explanation?.attempts ?? []).map((each) => [each.attempt_id, each]));
  const live = (now - start) / 1000;
  return job.attempts.map((attempt) => {
    const queued = since(attempt.queued_at);
    const open = OPEN.has(attempt.state);
    const started = since(attempt.started_at);
    const finished = since(attempt.finished_at);
    const checked = times.get(attempt.attempt_id)?.validate_s;
    const spans = [["queue", queued, started ?? (open ? live : finished ?? queued)]];
    if (started !== null) spans.push(["run", started, finished ?? (open ? live : started)]);
    if (finished !== null && (checked !== null && checked !== undefined)) spans.push(["check", finished, finished + checked]);
    else if (finished !== null && attempt.state === "validating") spans.push(["check", finished, live]);
    return { attempt, spans, end: spans[spans.length - 1][2] };
  });
}

// From seconds to a place between 0 and 1. Where nothing happened for ten times as long as things usually take, little is left.
export function axisOf(rows, end) {
  const busy = rows.flatMap((row) => row.spans.map(([, from, to]) => [from, to])).filter(([from, to]) => to > from);
  const points = [...new Set([0, end, ...busy.flat()])].filter((at) => at <= end).sort((a, b) => a - b);
  const usual = median(busy.map(([from, to]) => to - from)) || end;
  const pieces = [];
  for (let nth = 1; nth < points.length; nth += 1) {
    const [from, to] = [points[nth - 1], points[nth]];
    const idle = !busy.some(([a, b]) => a < to && b > from);
    pieces.push({ from, to, cut: idle && to - from > GAP_FACTOR * usual });
  }
  const whole = pieces.filter((each) => !each.cut).reduce((sum, each) => sum + each.to - each.from, 0) || 1;
  const cuts = pieces.filter((each) => each.cut).length;
  const left = Math.max(0.3, 1 - cuts * CUT_SHARE);
  let at = 0;
  for (const each of pieces) {
    each.at = at;
    each.wide = each.cut ? (1 - left) / cuts : ((each.to - each.from) / whole) * left;
    at += each.wide;
  }
  const place = (second) => {
    const piece = pieces.find((each) => second <= each.to) ?? pieces[pieces.length - 1];
    if (!piece || piece.to === piece.from) return 0;
    return piece.at + (Math.min(Math.max(second, piece.from), piece.to) - piece.from) / (piece.to - piece.from) * piece.wide;
  };
  return { place, cuts: pieces.filter((each) => each.cut) };
}

export function Timeline({ job, explanation }) {
  const now = useNow(job.attempts.some((attempt) => OPEN.has(attempt.state)) ? 500 : 3600000);
  const all = spansOf(job, explanation, now);
  const rows = all.slice(-BARS_MAX);
  const ended = Date.parse(job.updated_at) - Date.parse(job.created_at);
  const end = Math.max(ended / 1000, ...rows.map((row) => row.end), 0.001);
  const { place, cuts } = axisOf(rows, end);
  const x = (second) => LEFT + place(second) * (WIDTH - LEFT - RIGHT);
  const idle = (job.plan?.legs ?? []).filter((leg) => !job.attempts.some((attempt) => attempt.leg === leg.leg));
  const tall = TOP + rows.length * ROW + 6;
  const label = `${rows.length} attempts over ${seconds(end)}.`;
  return html`<figure class="chart timeline">
    <figcaption class="legend"><span><i class="swatch span-queue"></i>in the queue</span><span><i class="swatch span-run"></i>runs, in the colour of its lane</span>
      <span><i class="swatch span-check"></i>is checked</span>${cuts.length > 0 && html`<span><i class="swatch span-cut"></i>time cut short: nothing happened</span>`}</figcaption>
    ${rows.length > 0 && html`<div class="chart-scroll"><svg viewBox="0 0 ${WIDTH} ${tall}" role="img" aria-label=${label}>
      ${ticks(end, 6).filter((at) => !cuts.some((cut) => at > cut.from && at < cut.to)).map((at) => html`<g><line class="grid" x1=${x(at)} x2=${x(at)} y1=${TOP - 6} y2=${tall} />
        <text class="tick" x=${x(at)} y=${TOP - 11} text-anchor=${at === 0 ? "start" : "middle"}>${seconds(at)}</text></g>`)}
      ${cuts.map((cut) => html`<g><rect class="span-cut" x=${x(cut.from)} y=${TOP - 6} width=${x(cut.to) - x(cut.from)} height=${tall - TOP + 6}><title>${seconds(cut.to - cut.from)} in which nothing happened</title></rect></g>`)}
      ${rows.map((row, nth) => html`<${Row} row=${row} y=${TOP + nth * ROW} x=${x} />`)}
    </svg></div>`}
    ${all.length > rows.length && html`<p class="note">The last ${rows.length} of ${all.length} attempts.</p>`}
    ${idle.length > 0 && html`<ul class="idle-legs">${idle.map((leg) => html`<li><span class="strong">${leg.leg}</span> <${Lane} lane=${leg.lane} /> <${State} state=${leg.state} /> <span class="note">${leg.reason}</span></li>`)}</ul>`}
    <${AsTable} label="Attempts and their times" rows=${all} columns=${COLUMNS} /></figure>`;
}

function Row({ row, y, x }) {
  const { attempt, spans } = row;
  const name = `${attempt.leg}${attempt.number > 1 ? ` #${attempt.number}` : ""}`;
  return html`<g><text x="0" y=${y + 11} class="leg-name">${name}</text><text class="tick" x="0" y=${y + 25}>${words(attempt.state)}, ${took(row, "run") === NONE ? `waited ${took(row, "queue")}` : `ran ${took(row, "run")}`}</text>
    ${spans.map(([part, from, to]) => html`<rect class=${part === "run" ? `span-run lane-${attempt.lane}` : `span-${part}`}
      x=${x(from)} y=${y + (part === "run" ? 4 : 8)} width=${Math.max(1.5, x(to) - x(from))} height=${part === "run" ? 18 : 10} rx="2">
      <title>${name}: ${PART_WORDS[part]} ${seconds(to - from)}</title></rect>`)}</g>`;
}

const PART_WORDS = { queue: "in the queue", run: "ran", check: "checked in" };

const took = (row, part) => {
  const found = row.spans.find(([name]) => name === part);
  return found ? seconds(found[2] - found[1]) : NONE;
};

const COLUMNS = [
  { name: "Leg", cell: (row) => row.attempt.leg },
  { name: "Attempt", number: true, cell: (row) => row.attempt.number },
  { name: "Lane", cell: (row) => html`<${Lane} lane=${row.attempt.lane} />` },
  { name: "State", cell: (row) => html`<${State} state=${row.attempt.state} />` },
  { name: "Queue", number: true, cell: (row) => took(row, "queue") },
  { name: "Run", number: true, cell: (row) => took(row, "run") },
  { name: "Check", number: true, cell: (row) => took(row, "check") },
  { name: "Worker", cell: (row) => row.attempt.worker || NONE },
];
