// A list that is read page by page: its first page comes again by itself, older ones stay as they were read. Rows that new ones
// push off the first page are kept; where it has nothing in common any more with what was read, older ones are read anew.
import { html, useEffect, useRef, useState } from "../core/html.js";
import { plural } from "../core/format.js";
import { Failed, Table } from "./pieces.js";

const NONE = { rows: [], cursor: undefined, error: null, busy: false };
const ID = (row) => row.id;

// {rows, cursor, more, error, busy, forget} of a list whose first page is `first`; `read` gives the page at a cursor. A first page
// without a row, and with a cursor, is of a list that was looked through in part. `forget`: older pages, for they are not true any more.
export function usePages(first, read, idOf = ID) {
  const [further, setFurther] = useState(NONE);
  const alive = useRef(true);
  useEffect(() => () => {
    alive.current = false;
  }, []);
  const page = first ?? { data: [], next_cursor: null };
  const place = new Map(further.rows.map((row, nth) => [idOf(row), nth]));
  const met = Math.max(-1, ...page.data.map((row) => place.get(idOf(row)) ?? -1));
  const joins = further.cursor !== undefined && (met >= 0 || (!page.data.length && Boolean(page.next_cursor)));
  const cursor = joins ? further.cursor : page.next_cursor;
  const rows = joins ? [...page.data, ...further.rows.slice(met + 1)] : page.data;
  const more = async () => {
    setFurther((old) => ({ ...old, busy: true }));
    try {
      const next = await read(cursor);
      if (alive.current) setFurther({ rows: [...rows, ...next.data], cursor: next.next_cursor ?? null, error: null, busy: false });
    } catch (error) {
      if (alive.current) setFurther((old) => ({ ...old, error, busy: false }));
    }
  };
  return { rows, cursor, more, error: further.error, busy: further.busy, forget: () => setFurther(NONE) };
}

// As a table. `noun` is one row, `older` what the button says.
export function Pages({ first, read, label, columns, noun, older }) {
  const { rows, cursor, more, error, busy } = usePages(first, read);
  return html`<${Table} label=${label} rows=${rows} rowKey=${ID} columns=${columns} />
    <${Failed} error=${error} retry=${more} />
    <p class="below"><span role="status">${plural(rows.length, noun)} shown${cursor ? ", there are more" : ", that is all"}.</span>
    ${cursor && html`<button type="button" onClick=${more} disabled=${busy}>${busy ? "Reading …" : older}</button>`}</p>`;
}
