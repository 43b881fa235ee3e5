// What happened, in order and in words. Progress is folded away unless asked for; any event opens to all it says.
import { html, useEffect, useMemo, useState } from "../../core/html.js";
import { eventAfter } from "../../core/stream.js";
import { eventName, plural, seconds, timeOfDay, utc } from "../../core/format.js";
import { Copy, Empty, Failed, Panel } from "../../parts/pieces.js";
import { Rows } from "../../parts/rows.js";

const LOW = new Set(["ExecutionProgressed"]);

// An event that has just come in, before the server has put it into words.
export function entryOf(frame, entries) {
  const said = JSON.parse(frame.data);
  const at = said.time;
  const first = entries.length ? Date.parse(entries[0].at) : Date.parse(at);
  const before = entries.length ? Date.parse(entries[entries.length - 1].at) : first;
  return {
    version: Number(frame.id),
    at,
    since_start_s: (Date.parse(at) - first) / 1000,
    since_previous_s: (Date.parse(at) - before) / 1000,
    event: frame.event,
    leg: said.data?.leg ?? null,
    text: "",
  };
}

export function Events({ job, entries }) {
  const [all, setAll] = useState(false);
  const [search, setSearch] = useState("");
  const [opened, setOpened] = useState(null);
  const low = useMemo(() => entries.reduce((count, entry) => count + (LOW.has(entry.event) ? 1 : 0), 0), [entries]);
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return entries.filter((entry) => (all || !LOW.has(entry.event))
      && (!wanted || `${entry.event} ${entry.leg ?? ""} ${entry.text}`.toLowerCase().includes(wanted)));
  }, [entries, all, search]);
  const actions = html`<label class="inline">Find <input data-search type="search" value=${search} onInput=${(event) => setSearch(event.target.value)} /></label>
    ${low > 0 && html`<label class="inline"><input type="checkbox" checked=${all} onChange=${(event) => setAll(event.target.checked)} /> Progress (${low})</label>`}`;
  return html`<${Panel} title="Events" wide=${true} note=${`${plural(shown.length, "event")} of ${entries.length}`} actions=${actions}>
    ${shown.length
      ? html`<${Rows} label="Events" head=${["#", "At", "Since start", "After", "Event", "What it says"]} count=${shown.length} toEnd=${true} rowHeight=${30} height=${430}
          row=${(nth, place) => html`<${Event} key=${shown[nth].version} entry=${shown[nth]} nth=${nth} place=${place} open=${setOpened} opened=${opened === shown[nth].version} />`} />`
      : html`<${Empty}>${entries.length ? html`No event has “${search}”${!all && low ? " outside of progress" : ""}.` : "No event yet: the question was accepted a moment ago."}<//>`}
    ${opened !== null && html`<${Opened} jobId=${job.id} version=${opened} close=${() => setOpened(null)} />`}<//>`;
}

function Event({ entry, nth, place, open, opened }) {
  return html`<div class="row-line ${LOW.has(entry.event) ? "low" : ""} ${opened ? "open" : ""}" role="row" aria-rowindex=${nth + 2} style=${place}>
    <span role="cell" class="number">${entry.version}</span>
    <span role="cell" title=${utc(entry.at)}>${timeOfDay(entry.at)}</span>
    <span role="cell" class="number">${seconds(entry.since_start_s)}</span>
    <span role="cell" class="number">+${seconds(entry.since_previous_s)}</span>
    <span role="cell"><button type="button" class="as-link" data-row aria-expanded=${opened} onClick=${() => open(opened ? null : entry.version)}>${eventName(entry.event)}</button></span>
    <span role="cell" class="cut" title=${entry.text}>${entry.text || (entry.leg ?? "")}</span></div>`;
}

function Opened({ jobId, version, close }) {
  const [found, setFound] = useState({ text: null, error: null });
  useEffect(() => {
    const ending = new AbortController();
    setFound({ text: null, error: null });
    eventAfter(jobId, version - 1, { compact: true, signal: ending.signal }).then(
      (event) => setFound({ text: JSON.stringify(event, null, 2), error: null }),
      (error) => ending.signal.aborted || setFound({ text: null, error }),
    );
    return () => ending.abort();
  }, [jobId, version]);
  return html`<div class="opened"><div class="snippet-head"><h3>Event ${version}, whole</h3>
      ${found.text && html`<${Copy} text=${found.text} label="Copy JSON" />`}<button type="button" class="quiet" onClick=${close}>Close</button></div>
    <${Failed} error=${found.error} /><pre tabindex="0" aria-label=${`Event ${version}`}>${found.text ?? "…"}</pre></div>`;
}
