// States, lanes and verdicts: a word, a picture and a colour, so that no one of them says it alone.
import { html } from "../core/html.js";
import { words } from "../core/format.js";
import { Icon } from "./icons.js";

const TONES = {
  submitted: ["idle", "clock"], planned: ["idle", "plan"], held: ["warn", "pause"], queued: ["idle", "clock"],
  waiting: ["idle", "clock"], running: ["live", "play"], validating: ["live", "eye"], completed: ["good", "check"],
  accepted: ["good", "check"], needs_review: ["warn", "eye"], failed: ["bad", "cross"], rejected: ["bad", "ban"],
  expired: ["bad", "clock"], cancelled: ["idle", "stop"], abandoned: ["idle", "stop"], not_needed: ["idle", "dot"],
  available: ["good", "check"], unavailable: ["bad", "cross"], stale: ["warn", "clock"],
};

export const ENDED = new Set(["completed", "failed", "cancelled", "expired", "rejected"]);

export function toneOf(state) {
  return (TONES[state] ?? ["idle", "dot"])[0];
}

export function State({ state }) {
  const [tone, icon] = TONES[state] ?? ["idle", "dot"];
  return html`<span class="badge ${tone}"><${Icon} name=${icon} size=${12} />${words(state)}</span>`;
}

export function Badge({ tone, icon, children }) {
  return html`<span class="badge ${tone}"><${Icon} name=${icon} size=${12} />${children}</span>`;
}

export function Lane({ lane }) {
  return html`<span class="lane ${lane}"><span class="lane-mark" aria-hidden="true"></span>${lane}</span>`;
}
