// A list that is read page by page: its first page comes again by itself, older ones stay as they were read. Rows that new ones
// push off the first page are kept; where it has nothing in common any more with what was read, older ones are read anew.
import { html, useEffect, useRef, useState } from "../core/html.js";
import { plural } from "../core/format.js";
import { Failed, Table } from "./pieces.js";

// `read` gives the page at a cursor; `noun` is one row, `older` what the button says.
export function Pages({ first, read, label, columns, noun, older }) {
  const [further, setFurther] = useState({ rows: [], cursor: undefined, error: null, busy: false });
  const alive = useRef(true);
  useEffect(() => () => {
    alive.current = false;
  }, []);
  const place = new Map(further.rows.map((row, nth) => [row.id, nth]));
  const met = Math.max(-1, ...first.data.map((row) => place.get(row.id) ?? -1));
  const cursor = met < 0 ? first.next_cursor : further.cursor;
  const rows = met < 0 ? first.data : [...first.data, ...further.rows.slice(met + 1)];
  const more = async () => {
    setFurther((old) => ({ ...old, busy: true }));
    try {
      const page = await read(cursor);
      if (alive.current) setFurther({ rows: [...rows, ...page.data], cursor: page.next_cursor ?? null, error: null, busy: false });
    } catch (error) {
      if (alive.current) setFurther((old) => ({ ...old, error, busy: false }));
    }
  };
  return html`<${Table} label=${label} rows=${rows} rowKey=${(row) => row.id} columns=${columns} />
    <${Failed} error=${further.error} retry=${more} />
    <p class="below"><span role="status">${plural(rows.length, noun)} shown${cursor ? ", there are more" : ", that is all"}.</span>
    ${cursor && html`<button type="button" onClick=${more} disabled=${further.busy}>${further.busy ? "Reading …" : older}</button>`}</p>`;
}
