// Every bulk action of operators: what it is about, who lets it act and why, how far it is; and what is held back.
import { html, useMemo } from "../core/html.js";
import { get } from "../core/api.js";
import { number, percent, plural, shortId, words } from "../core/format.js";
import { useRead } from "../core/load.js";
import { Badge } from "../parts/badges.js";
import { Copy, Empty, Facts, Loaded, Meter, Panel, Title, When } from "../parts/pieces.js";
import { Holds } from "../parts/holds.js";

const TONES = { freezing: ["idle", "clock"], frozen: ["idle", "pause"], running: ["live", "play"], done: ["good", "check"], cancelled: ["idle", "stop"], stopped: ["warn", "warn"] };
const EVERY_MS = 2000;

export function Operations() {
  const operations = useRead((signal) => get("v1/operations?limit=50", { signal }), ["operations"], { everyMs: EVERY_MS });
  const record = useRead((signal) => get("v1/record", { signal }), ["record"], { everyMs: EVERY_MS * 2 });
  return html`<${Title} document="Operations">Operations<//>
    <div class="column">
      <${Panel} title="Held back now"><${Loaded} of=${record} what="Reading holds">${(data) => html`<${Holds} holds=${data.holds} />`}<//><//>
      <${Loaded} of=${operations} what="Reading operations">${({ data }) => (data.length
        ? data.map((each) => html`<${Operation} operation=${each} key=${each.id} />`)
        : html`<${Empty}>No operator has prepared a bulk operation yet. See <code>queuebit ops --help</code>.<//>`)}<//>
    </div>`;
}

function Operation({ operation }) {
  const [tone, icon] = TONES[operation.state] ?? TONES.frozen;
  const share = operation.count ? operation.done / operation.count : 1;
  const next = useMemo(() => nextOf(operation), [operation.state, operation.id]);
  const note = html`<span class="id" data-row tabindex="-1">${shortId(operation.id)}</span> of ${plural(operation.count, "thing")}`;
  return html`<${Panel} title=${operation.verb} note=${note} actions=${html`<${Badge} tone=${tone} icon=${icon}>${operation.state}<//>`}>
    <${Meter} share=${share} tone=${operation.state === "stopped" ? "warn" : "good"} label=${`${operation.done} of ${operation.count} dealt with`} />
    <p role="status"><strong>${number(operation.done)}</strong> of ${number(operation.count)} dealt with, ${percent(share, 0)}${operation.rate_per_s ? `, at most ${number(operation.rate_per_s)} a second` : ""}.
      ${operation.note && html` It stopped: ${operation.note}`}</p>
    <${Facts} items=${[
      ["Prepared by", operation.frozen_by], ["Prepared", html`<${When} at=${operation.frozen_at} />`], ["Let act by", operation.actor || "nobody yet"], ["Reason", operation.reason],
      ["Last step", html`<${When} at=${operation.updated_at} />`],
      ...Object.entries(operation.outcomes).map(([name, count]) => [words(name), number(count)]),
    ]} />
    ${next.length > 0 && html`<p class="inline">${next.map(([label, text]) => html`<${Copy} text=${text} label=${label} />`)}</p>`}<//>`;
}

// What can be done with it is done where the servers are reached: the command is copied.
function nextOf({ state, id }) {
  const show = ["Copy: show it", `queuebit ops operations show ${id}`];
  const cancel = ["Copy: cancel it", `queuebit ops operations cancel ${id} --reason "…"`];
  return ["frozen", "running", "stopped"].includes(state) ? [show, cancel] : [show];
}
