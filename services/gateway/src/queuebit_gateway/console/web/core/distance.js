// How far apart two samples of outcomes are: total variation, with the interval of bounded differences, as `queuebit jobs diff` has it.
const LOG = Math.log(2 / 0.05);

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
  return { value, low: Math.max(0, value - bias - reach), high: Math.min(1, value + reach), noise };
}
