// A long list of which only what is seen is drawn. Every row is as high as the others.
import { html, useCallback, useLayoutEffect, useRef, useState } from "../core/html.js";

const BEYOND = 8;

export function Rows({ label, head, count, rowHeight = 30, height = 420, row, toEnd = false }) {
  const box = useRef(null);
  const [top, setTop] = useState(0);
  const [tall, setTall] = useState(height);
  const atEnd = useRef(toEnd);
  const look = useCallback(() => {
    const here = box.current;
    if (!here) return;
    setTop(here.scrollTop);
    setTall(here.clientHeight);
    atEnd.current = here.scrollTop + here.clientHeight >= here.scrollHeight - rowHeight;
  }, [rowHeight]);
  useLayoutEffect(() => {
    if (toEnd && atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
    look();
  }, [count, toEnd, look]);
  const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND);
  const last = Math.min(count, Math.ceil((top + tall) / rowHeight) + BEYOND);
  const drawn = [];
  for (let nth = first; nth < last; nth += 1) drawn.push(row(nth, { top: `${nth * rowHeight}px`, height: `${rowHeight}px` }));
  const shown = Math.min(height, Math.max(rowHeight * 3, count * rowHeight));
  return html`<div class="rows" role="table" aria-label=${label} aria-rowcount=${count + 1}>
    <div role="rowgroup"><div class="rows-head" role="row" aria-rowindex="1">${head.map((each) => html`<span role="columnheader">${each}</span>`)}</div></div>
    <div class="rows-body" role="rowgroup" tabindex="0" aria-label=${label} ref=${box} onScroll=${look} style=${{ height: `${shown}px` }}>
      <div class="rows-all" role="presentation" style=${{ height: `${count * rowHeight}px` }}>${drawn}</div></div></div>`;
}
