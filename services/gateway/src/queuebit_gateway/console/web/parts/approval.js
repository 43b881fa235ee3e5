// A plan that waits for people: who may allow it, until when, what silence leads to, and the command that decides.
import { html } from "../core/html.js";
import { moment, plural } from "../core/format.js";
import { Badge } from "./badges.js";
import { Copy, Facts, When } from "./pieces.js";

export function Waits({ jobId, approval }) {
  const missing = approval.quorum - approval.granted_by.length;
  const decide = (verb) => `queuebit ops approvals ${verb} ${jobId} --digest ${approval.digest.slice(0, 16)} --reason "…"`;
  return html`<div class="waits"><p><${Badge} tone="warn" icon="pause">waits for approval<//> ${approval.reason}</p>
    <${Facts} items=${[
      ["Who may allow it", `${approval.role}${approval.quorum > 1 ? `, ${approval.quorum} of them` : ""}`],
      ["Allowed so far by", approval.granted_by.join(", ") || "nobody"],
      ["Still needed", plural(missing, "person", "people")],
      ["Until", approval.expires_at ? html`<span title=${moment(approval.expires_at)}><${When} at=${approval.expires_at} /></span>` : "its deadline"],
      ["If nobody decides", approval.otherwise ? `the plan ${approval.otherwise} is taken` : "the job is cancelled"],
      ["What is approved", html`<span class="id wrap">${approval.digest}</span>`],
    ]} />
    <p class="inline"><${Copy} text=${decide("grant")} label="Copy: allow it" /><${Copy} text=${decide("deny")} label="Copy: refuse it" /></p></div>`;
}
