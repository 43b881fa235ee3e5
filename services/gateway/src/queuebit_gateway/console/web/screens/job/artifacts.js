// What is kept of the attempts beside their events: read when somebody asks for it, saved as files, circuits drawn.
import { html, useState } from "../../core/html.js";
import { get, request } from "../../core/api.js";
import { number, plural, shortId } from "../../core/format.js";
import { useRead } from "../../core/load.js";
import { CircuitPicture, readCircuit } from "../../charts/circuit.js";
import { Copy, Empty, Failed, Loaded, Panel, Table } from "../../parts/pieces.js";

const TEXT_MAX = 200000;
const ROWS_MAX = 200;

export function Artifacts({ job }) {
  const kept = job.attempts.reduce((sum, each) => sum + each.artifacts, 0);
  const [open, setOpen] = useState(false);
  if (!kept) return null;
  return html`<${Panel} title="Kept beside the events" wide=${true} note=${`${plural(kept, "artifact")}, each checked against its hash`}>
    ${open ? html`<${Listed} job=${job} />` : html`<div><button type="button" onClick=${() => setOpen(true)}>List what is kept</button></div>`}<//>`;
}

function Listed({ job }) {
  const read = useRead((signal) => get(`v1/jobs/${job.id}/artifacts`, { signal }), [job.id, job.attempts.length]);
  return html`<${Loaded} of=${read} what="Reading what is kept">${({ data, has_more: more }) => html`
    ${more && html`<p class="note">Of the latest attempts.</p>`}
    ${data.map((attempt) => html`<${OfAttempt} job=${job} attempt=${attempt} key=${attempt.sha256} />`)}`}<//>`;
}

function OfAttempt({ job, attempt }) {
  const [shown, setShown] = useState(null);
  const [error, setError] = useState(null);
  const deed = async (work) => {
    setError(null);
    try {
      await work();
    } catch (problem) {
      setError(problem);
    }
  };
  const show = (item) => deed(async () => setShown({ item, text: await textOf(job.id, item.sha256) }));
  const rows = attempt.artifacts.slice(0, ROWS_MAX);
  const list = `queuebit ops jobs artifacts ${job.id}`;
  return html`<h3>${attempt.leg} <span class="note id">${shortId(attempt.attempt_id)}</span></h3>
    ${attempt.unread ? html`<${Empty}>${attempt.unread}<//>` : html`<${Table} label=${`Kept of ${attempt.leg}`} rows=${rows} rowKey=${(row) => `${row.name} ${row.sha256}`} columns=${[
      { name: "What", cell: (row) => html`<span class="strong">${row.name}</span>` },
      { name: "Bytes", number: true, cell: (row) => number(row.bytes) },
      { name: "Said", cell: (row) => [row.about.status, row.about.at].filter(Boolean).join(", ") || "–" },
      { name: "SHA-256", cell: (row) => html`<span class="id" title=${row.sha256}>${row.sha256 ? row.sha256.slice(0, 12) : "nothing came"}</span>` },
      { name: "Get", cell: (row) => (row.kept ? html`<span class="inline">
        ${isText(row.name) && html`<button type="button" class="as-link" onClick=${() => show(row)}>Show<span class="away"> ${row.name}</span></button>`}
        <button type="button" class="as-link" onClick=${() => deed(() => save(job.id, row))}>Save<span class="away"> ${row.name}</span></button></span>` : "its hash alone") },
    ]} />`}
    ${attempt.artifacts.length > rows.length && html`<p class="note">The first ${rows.length} of ${number(attempt.artifacts.length)}. All of them: <${Copy} text=${list} label="Copy as CLI" /></p>`}
    <${Failed} error=${error} />
    ${shown && html`<${Shown} ...${shown} close=${() => setShown(null)} />`}`;
}

function Shown({ item, text, close }) {
  const circuit = item.name.endsWith(".qasm") ? readCircuit(text) : null;
  const cut = text.length > TEXT_MAX;
  return html`<div class="opened"><div class="snippet-head"><h3>${item.name}</h3><${Copy} text=${text} label="Copy text" />
      <button type="button" class="quiet" onClick=${close}>Close</button></div>
    ${circuit && html`<${CircuitPicture} circuit=${circuit} />`}
    <pre tabindex="0" aria-label=${item.name}>${cut ? text.slice(0, TEXT_MAX) : text}</pre>
    ${cut && html`<p class="note">The first ${number(TEXT_MAX)} of ${number(text.length)} characters; the file has them all.</p>`}</div>`;
}

const isText = (name) => /\.(json|qasm)$/.test(name);

const path = (jobId, sha256) => `v1/jobs/${jobId}/artifacts/${sha256}`;

export async function textOf(jobId, sha256, options) {
  return (await request(path(jobId, sha256), options)).text();
}

// A file on the disk of who looks: the key goes in a header, so that no link can do it.
async function save(jobId, item) {
  const answer = await request(path(jobId, item.sha256));
  const named = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = named ? named[1] : item.sha256;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
