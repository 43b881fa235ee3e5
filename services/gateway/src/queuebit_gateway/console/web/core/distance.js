// How far apart two samples of outcomes are: total variation, with the interval of bounded differences and Pearson's test of homogeneity, as `queuebit jobs diff` has it.
const LOG = Math.log(2 / 0.05);
const SURE = 3.72;
const EXPECTED_MIN = 5;

export function distance(one, other) {
  const total = (counts) => Object.values(counts).reduce((sum, each) => sum + each, 0);
  const [n, m] = [total(one), total(other)];
  if (!n || !m) return null;
  const per = 1 / n + 1 / m;
  let value = 0;
  let bias = 0;
  let noise = 0;
  for (const bits of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const [a, b] = [one[bits] ?? 0, other[bits] ?? 0];
    const [p, q, both] = [a / n, b / m, (a + b) / (n + m)];
    value += Math.abs(p - q) / 2;
    bias += Math.sqrt(Math.max((p * (1 - p)) / n + (q * (1 - q)) / m, both * per)) / 2;
    noise += Math.sqrt((both * (1 - both) * per * 2) / Math.PI) / 2;
  }
  const reach = Math.sqrt((LOG / 2) * per);
  const low = Math.max(0, value - bias - reach);
  const { chiSquare, freedom } = homogeneity(one, other, n, m);
  return { value, low, high: Math.min(1, value + reach), noise, chiSquare, freedom, differ: low > 0 || deviates(chiSquare, freedom) > SURE };
}

function homogeneity(one, other, n, m) {
  const share = Math.min(n, m) / (n + m);
  const cells = [];
  const rare = [0, 0];
  for (const bits of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const [a, b] = [one[bits] ?? 0, other[bits] ?? 0];
    if ((a + b) * share < EXPECTED_MIN) {
      rare[0] += a;
      rare[1] += b;
    } else cells.push([a, b]);
  }
  cells.sort(([a, b], [c, d]) => c + d - a - b || a - c);
  if (cells.length && (rare[0] + rare[1]) * share < EXPECTED_MIN) {
    const least = cells.pop();
    rare[0] += least[0];
    rare[1] += least[1];
  }
  cells.push(rare);
  if (cells.length < 2) return { chiSquare: 0, freedom: 0 };
  const chiSquare = cells.reduce((sum, [a, b]) => sum + (a * m - b * n) ** 2 / (n * m * (a + b)), 0);
  return { chiSquare, freedom: cells.length - 1 };
}

function deviates(chiSquare, freedom) {
  if (!freedom) return 0;
  const part = 2 / (9 * freedom);
  return (Math.cbrt(chiSquare / freedom) - (1 - part)) / Math.sqrt(part);
}
