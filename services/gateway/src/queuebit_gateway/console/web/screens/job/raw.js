// The job as the API says it.
import { html, useState } from "../../core/html.js";
import { Copy, Panel } from "../../parts/pieces.js";

const SHOWN_MAX = 200000;

export function Raw({ job }) {
  const [open, setOpen] = useState(false);
  const text = open ? JSON.stringify(job, null, 2) : "";
  const cut = text.length > SHOWN_MAX;
  return html`<${Panel} title="Raw JSON" wide=${true} actions=${html`<${Copy} text=${JSON.stringify(job, null, 2)} label="Copy JSON" />`}>
    <details onToggle=${(event) => setOpen(event.target.open)}><summary>The job as the API says it</summary>
      ${open && html`<pre tabindex="0" aria-label="Job as JSON">${cut ? text.slice(0, SHOWN_MAX) : text}</pre>`}
      ${cut && html`<p class="note">The first ${SHOWN_MAX} of ${text.length} characters; the copy has them all.</p>`}</details><//>`;
}
