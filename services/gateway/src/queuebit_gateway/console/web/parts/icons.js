// Small pictures that stand beside words, never instead of them.
import { html } from "../core/html.js";

const PATHS = {
  check: "M3 8.5 6.5 12 13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  clock: "M8 4v4l3 2M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Z",
  play: "M5 3.5v9l7-4.5Z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  stop: "M4 4h8v8H4Z",
  plan: "M3 4h10M3 8h7M3 12h4",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6Z",
  ban: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8ZM3.7 3.7l8.6 8.6",
  warn: "M8 2 14.5 13.5h-13ZM8 6.5v3.2M8 11.4v.4",
  dot: "M8 6a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8Z",
  theme: "M8 2a6 6 0 1 0 0 12ZM8 2a6 6 0 0 1 0 12",
  key: "M9.5 6.5a3.5 3.5 0 1 0-2 3.1L9 11h2v2h2.5v-2.2L9.4 6.9",
  overview: "M2.5 2.5h4.5v6h-4.5ZM9 2.5h4.5v3.5H9ZM9 8h4.5v5.5H9ZM2.5 10.5h4.5v3h-4.5Z",
  jobs: "M2.5 4h2M2.5 8h2M2.5 12h2M7 4h6.5M7 8h6.5M7 12h6.5",
  compare: "M5 2.5v11M11 2.5v11M2.5 5.5 5 2.5l2.5 3M8.5 10.5 11 13.5l2.5-3",
  backends: "M2.5 3h11v4h-11ZM2.5 9h11v4h-11ZM5 5h.2M5 11h.2",
  failures: "M8 2 14.5 13.5h-13ZM8 6.5v3.2M8 11.4v.4",
  operations: "M3 5h6M12 5h1M3 11h1M7 11h6M9 3.5h3v3H9ZM4 9.5h3v3H4Z",
  audit: "M4 1.8h8v12.4H4ZM6 5h4M6 8h4M6 11h2",
  budgets: "M2.5 4.5h11v8h-11ZM2.5 7h11M10.5 10h1",
  paths: "M3 13c0-5 4-3 5-6s2-4 5-4M11 1.8 13.2 3 11.6 5",
  policies: "M3 2.5h10v11H3ZM3 6h10M3 9.5h10M7 6v7.5",
  approvals: "M2.5 8.5 5.5 11.5 8 9M7 9.5l2 2 5-6",
};

export function Icon({ name, size = 14 }) {
  return html`<svg class="icon" width=${size} height=${size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d=${PATHS[name] ?? PATHS.dot} /></svg>`;
}
