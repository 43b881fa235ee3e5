// Numbers, times and money as people read them. What is not there is a dash.
export const NONE = "–";

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat("en-GB", { maximumSignificantDigits: 6 });
const stamp = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export function number(value) {
  if (value === null || value === undefined) return NONE;
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return whole.format(value);
  return Math.abs(value) >= 1e-4 && Math.abs(value) < 1e15 ? fine.format(value) : value.toExponential(3);
}

export function percent(value, digits = 1) {
  if (value === null || value === undefined) return NONE;
  return `${(value * 100).toFixed(value !== 0 && Math.abs(value) < 0.001 ? 3 : digits)} %`;
}

// What is not certain is never said to be: 0.9996 is 99.9 %.
export function trust(value) {
  if (value === null || value === undefined) return NONE;
  return value >= 1 ? "100 %" : `${(Math.floor(value * 1000) / 10).toFixed(value > 0.99 ? 1 : 0)} %`;
}

export function seconds(value) {
  if (value === null || value === undefined) return NONE;
  if (value < 0.0005) return "0 ms";
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 60) return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`;
  if (value < 3600) return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
  if (value < 86400) return `${Math.floor(value / 3600)} h ${Math.round((value % 3600) / 60)} min`;
  return `${Math.floor(value / 86400)} d ${Math.round((value % 86400) / 3600)} h`;
}

export function ago(moment, now = Date.now()) {
  if (!moment) return NONE;
  const passed = (now - Date.parse(moment)) / 1000;
  if (passed < -1) return `in ${seconds(-passed)}`;
  if (passed < 1) return "just now";
  if (passed < 60) return `${Math.floor(passed)} s ago`;
  if (passed < 3600) return `${Math.floor(passed / 60)} min ago`;
  if (passed < 86400) return `${Math.floor(passed / 3600)} h ago`;
  return `${Math.floor(passed / 86400)} d ago`;
}

export function moment(text) {
  return text ? stamp.format(new Date(text)) : NONE;
}

export function timeOfDay(text) {
  return text ? clock.format(new Date(text)) : NONE;
}

export function utc(text) {
  return text ? `${new Date(text).toISOString().replace("T", " ").replace("Z", "")} UTC` : "";
}

export function money(cost) {
  if (!cost) return NONE;
  const amounts = [cost, ...(cost.further ?? [])].filter((each) => Number(each.amount) !== 0);
  return amounts.length ? amounts.map((each) => `${each.amount} ${each.currency}`).join(" + ") : "nothing";
}

export function shortId(id) {
  return id ? `${id.slice(0, 8)}…${id.slice(-6)}` : NONE;
}

export function words(name) {
  return String(name).replaceAll("_", " ");
}

export function sentence(name) {
  const text = words(name);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// "JobSubmitted" as "Job submitted".
export function eventName(name) {
  const text = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

// The 95 % interval of a share by Wilson, as the server's own reports compute it.
export function wilson(share, trials, z = 1.959963984540054) {
  const square = (z * z) / trials;
  const middle = (share + square / 2) / (1 + square);
  const half = (z / (1 + square)) * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
