// What every screen is put together from.
import { html, useEffect, useId, useLayoutEffect, useRef, useState } from "../core/html.js";
import { ago, moment, utc } from "../core/format.js";
import { useNow } from "../core/load.js";
import { Icon } from "./icons.js";

export function Panel({ title, note, actions, children, wide, id }) {
  return html`<section class="panel ${wide ? "wide" : ""}" aria-label=${title} id=${id}>
    <header class="panel-head"><h2>${title}</h2>${note && html`<p class="note">${note}</p>`}
      ${actions && html`<div class="panel-actions">${actions}</div>`}</header>
    <div class="panel-body">${children}</div></section>`;
}

// A heading that takes the focus when the screen is come to, so that it is read out and Tab goes on from there.
export function Title({ children, document: name, aside }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = name ? `${name} · Queuebit` : "Queuebit";
  }, [name]);
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return html`<div class="screen-head"><h1 tabindex="-1" ref=${heading}>${children}</h1>${aside}</div>`;
}

export function When({ at, now: given }) {
  const ticking = useNow(5000);
  return at ? html`<time datetime=${at} title=${`${moment(at)} here, ${utc(at)}`}>${ago(at, given ?? ticking)}</time>` : "–";
}

export function Failed({ error, retry }) {
  if (!error) return null;
  return html`<div class="failed" role="alert"><${Icon} name="warn" size=${18} />
    <div><strong>${error.title ?? "Something went wrong"}</strong><p>${error.message}</p>
      ${error.remedy && html`<p class="remedy">${error.remedy}</p>`}
      ${error.requestId && html`<p class="note">Request ${error.requestId}</p>`}</div>
    ${retry && html`<button type="button" onClick=${retry}>Try again</button>`}</div>`;
}

export function Empty({ children }) {
  return html`<p class="empty">${children}</p>`;
}

export function Reading({ what = "Reading" }) {
  return html`<p class="reading" role="status">${what} …</p>`;
}

// One read, in its three states.
export function Loaded({ of, what, children }) {
  if (of.error && !of.data) return html`<${Failed} error=${of.error} retry=${of.reload} />`;
  if (!of.data) return html`<${Reading} what=${what} />`;
  return html`${of.error && html`<${Failed} error=${of.error} retry=${of.reload} />`}${children(of.data)}`;
}

export function Copy({ text, label = "Copy", said = "Copied" }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text).catch(() => {});
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  return html`<button type="button" class="quiet" onClick=${copy}><${Icon} name=${done ? "check" : "copy"} size=${13} />
    <span>${done ? said : label}</span><span class="away" role="status">${done ? said : ""}</span></button>`;
}

export function Facts({ items }) {
  const shown = items.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html`<dl class="facts">${shown.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

// A table: columns are {name, cell, number}. Rows that lead somewhere have their link in the first cell.
export function Table({ label, columns, rows, rowKey, more }) {
  return html`<div class="table-wrap" tabindex="0" role="group" aria-label=${label}><table>
    <thead><tr>${columns.map((each) => html`<th scope="col" class=${each.number ? "number" : ""}>${each.name}</th>`)}</tr></thead>
    <tbody>${rows.map((row, nth) => html`<tr key=${rowKey ? rowKey(row) : nth}>
      ${columns.map((each) => html`<td class=${each.number ? "number" : ""}>${each.cell(row)}</td>`)}</tr>`)}</tbody>
    </table>${more}</div>`;
}

// What a picture says, as a table for who does not see it.
export function AsTable({ label, columns, rows }) {
  return html`<details class="as-table"><summary>As a table</summary>
    <${Table} label=${label} columns=${columns} rows=${rows} /></details>`;
}

export function Dialog({ title, open, close, children }) {
  const box = useRef(null);
  const name = useId();
  useEffect(() => {
    if (open && !box.current.open) box.current.showModal();
    if (!open && box.current.open) box.current.close();
  }, [open]);
  return html`<dialog ref=${box} aria-labelledby=${name} onClose=${close}>
    <h2 id=${name}>${title}</h2>${open && children}</dialog>`;
}

// A share as a bar with its number; the bar is only for the eye.
export function Meter({ share, tone = "", label }) {
  const wide = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return html`<span class="meter ${tone}" role="img" aria-label=${label}><span style=${{ width: wide }}></span></span>`;
}
