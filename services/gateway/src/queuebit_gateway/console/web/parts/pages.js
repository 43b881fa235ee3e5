// A list that is read page by page: its first page comes again by itself, older ones stay as they were read.
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
  const cursor = further.cursor === undefined ? first.next_cursor : further.cursor;
  const more = async () => {
    setFurther((old) => ({ ...old, busy: true }));
    try {
      const page = await read(cursor);
      if (alive.current) setFurther((old) => ({ rows: [...old.rows, ...page.data], cursor: page.next_cursor ?? null, error: null, busy: false }));
    } catch (error) {
      if (alive.current) setFurther((old) => ({ ...old, error, busy: false }));
    }
  };
  const seen = new Set(first.data.map((row) => row.id));
  const rows = [...first.data, ...further.rows.filter((row) => !seen.has(row.id))];
  return html`<${Table} label=${label} rows=${rows} rowKey=${(row) => row.id} columns=${columns} />
    <${Failed} error=${further.error} retry=${more} />
    <p class="below"><span role="status">${plural(rows.length, noun)} shown${cursor ? ", there are more" : ", that is all"}.</span>
    ${cursor && html`<button type="button" onClick=${more} disabled=${further.busy}>${further.busy ? "Reading …" : older}</button>`}</p>`;
}
