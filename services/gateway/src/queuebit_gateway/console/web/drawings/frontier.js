// Return over risk: each asset, the best that weights can do, and what was chosen.
import { html } from "../core/html.js";
import { number, percent, plural } from "../core/format.js";
import { span } from "../charts/scale.js";
import { AsTable } from "../parts/pieces.js";

const WIDTH = 560;
const HEIGHT = 360;
const LEFT = 66;
const BOTTOM = 40;
const ASSETS_MAX = 250;
const STEPS = 28;
const ROUNDS = 400;

export function covariancesOf(statement) {
  if (statement.covariances?.length) return statement.covariances.map((row) => row.map(Number));
  const deviations = statement.deviations.map(Number);
  const n = deviations.length;
  const found = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? deviations[i] ** 2 : 0)));
  statement.correlations.forEach((row, i) => row.forEach((value, j) => {
    if (i !== j) found[i][j] = found[j][i] = Number(value) * deviations[i] * deviations[j];
  }));
  return found;
}

// The weights, none negative, of least variance less `taste` times return: shares move between two assets at a time.
function bestWeights(returns, covariances, taste, start) {
  const n = returns.length;
  const weights = [...start];
  const slope = returns.map((each, i) => 2 * weights.reduce((sum, weight, j) => sum + covariances[i][j] * weight, 0) - taste * each);
  for (let round = 0; round < ROUNDS; round += 1) {
    let into = 0;
    let from = -1;
    for (let i = 0; i < n; i += 1) {
      if (slope[i] < slope[into]) into = i;
      if (weights[i] > 0 && (from < 0 || slope[i] > slope[from])) from = i;
    }
    const curve = covariances[into][into] + covariances[from][from] - 2 * covariances[into][from];
    const move = Math.min(weights[from], curve > 0 ? (slope[from] - slope[into]) / (2 * curve) : weights[from]);
    if (into === from || move < 1e-9) break;
    weights[into] += move;
    weights[from] -= move;
    for (let i = 0; i < n; i += 1) slope[i] += 2 * move * (covariances[i][into] - covariances[i][from]);
  }
  return weights;
}

function pointOf(weights, returns, covariances) {
  let variance = 0;
  let worth = 0;
  weights.forEach((weight, i) => {
    worth += weight * returns[i];
    weights.forEach((other, j) => {
      variance += weight * other * covariances[i][j];
    });
  });
  return { risk: Math.sqrt(Math.max(0, variance)), worth };
}

export function frontierOf(returns, covariances) {
  const n = returns.length;
  const [, most] = span(returns.map(Math.abs));
  const scale = covariances.reduce((sum, row, i) => sum + row[i], 0) / n / (most || 1);
  let weights = new Array(n).fill(1 / n);
  const points = [];
  for (let nth = 0; nth <= STEPS; nth += 1) {
    weights = bestWeights(returns, covariances, nth === 0 ? 0 : scale * 0.05 * 1.35 ** nth, weights);
    points.push(pointOf(weights, returns, covariances));
  }
  return points;
}

export function draw(statement, answer) {
  const returns = statement.expected_returns.map(Number);
  if (returns.length > ASSETS_MAX) return null;
  const covariances = covariancesOf(statement);
  const chosen = answer.weights?.map(Number) ?? answer.select.map((each) => each / answer.select.reduce((sum, one) => sum + one, 0));
  const assets = returns.map((worth, nth) => ({ nth, worth, risk: Math.sqrt(covariances[nth][nth]), weight: chosen[nth] }));
  const line = frontierOf(returns, covariances);
  const here = pointOf(chosen, returns, covariances);
  const [, risky] = span([...assets.map((each) => each.risk), ...line.map((each) => each.risk), here.risk]);
  const [low, high] = span([...assets.map((each) => each.worth), ...line.map((each) => each.worth), here.worth, 0]);
  const x = (risk) => LEFT + (risk / (risky || 1)) * (WIDTH - LEFT - 20);
  const y = (worth) => HEIGHT - BOTTOM - ((worth - low) / (high - low || 1)) * (HEIGHT - BOTTOM - 26);
  const held = assets.filter((each) => each.weight > 0);
  const label = `${plural(returns.length, "asset")}, ${number(held.length)} held; return ${percent(here.worth, 3)} at a risk of ${percent(here.risk, 3)}.`;
  const marks = (from, to) => Array.from({ length: 5 }, (_, nth) => from + (nth / 4) * (to - from));
  return html`<figure class="chart drawing"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${label}>
      ${marks(low, high).map((at) => html`<g><line class="grid" x1=${LEFT} x2=${WIDTH} y1=${y(at)} y2=${y(at)} /><text class="tick" x=${LEFT - 6} y=${y(at) + 4} text-anchor="end">${percent(at, 2)}</text></g>`)}
      ${marks(0, risky).map((at) => html`<text class="tick" x=${x(at)} y=${HEIGHT - BOTTOM + 16} text-anchor="middle">${percent(at, 2)}</text>`)}
      <text class="tick" x=${WIDTH - 20} y=${HEIGHT - 6} text-anchor="end">risk (standard deviation)</text><text class="tick" x="0" y="10">return</text>
      <path class="way stroke-accent" d=${`M${line.map((each) => `${x(each.risk).toFixed(1)} ${y(each.worth).toFixed(1)}`).join("L")}`}><title>The best that weights without short sales can do</title></path>
      ${assets.map((each) => html`<circle class=${each.weight > 0 ? "place held" : "place dim"} cx=${x(each.risk)} cy=${y(each.worth)} r=${each.weight > 0 ? 5 : 3.5}><title>Asset ${each.nth}: return ${percent(each.worth, 3)}, risk ${percent(each.risk, 3)}, share ${percent(each.weight, 2)}</title></circle>`)}
      <path class="chosen" d=${`M${x(here.risk)} ${y(here.worth) - 9}l9 9-9 9-9-9Z`}><title>${label}</title></path></svg>
    <figcaption class="note">${label} The line is the efficient frontier without short sales, the diamond what was chosen${answer.select ? " (held in equal parts)" : ""}, full dots the assets held.</figcaption>
    <${AsTable} label="Assets held" rows=${held} columns=${[
      { name: "Asset", number: true, cell: (row) => row.nth },
      { name: "Share", number: true, cell: (row) => percent(row.weight, 2) },
      { name: "Return", number: true, cell: (row) => percent(row.worth, 3) },
      { name: "Risk", number: true, cell: (row) => percent(row.risk, 3) },
    ]} /></figure>`;
}
