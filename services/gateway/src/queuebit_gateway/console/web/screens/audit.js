// What operators did, the latest first: who, what, and why they said they did it.
import { html, useMemo, useState } from "../core/html.js";
import { get } from "../core/api.js";
import { moment, plural, shortId, utc } from "../core/format.js";
import { link } from "../core/router.js";
import { useRead } from "../core/load.js";
import { Copy, Empty, Loaded, Table, Title, When } from "../parts/pieces.js";

export function Audit() {
  const [search, setSearch] = useState("");
  const read = useRead((signal) => get("v1/record", { signal }), ["record"], { everyMs: 5000 });
  const aside = html`<label class="inline">Find <input data-search type="search" value=${search} onInput=${(event) => setSearch(event.target.value)} /></label>
    ${read.data && html`<${Copy} text=${JSON.stringify(read.data, null, 2)} label="Copy JSON" />`}`;
  return html`<${Title} document="Audit" aside=${aside}>What operators did<//>
    <p class="reason">Deeds over all tenants: holds and bulk operations. What was done to one job by hand stands among its events.</p>
    <${Loaded} of=${read} what="Reading the record">${({ deeds }) => html`<${Deeds} deeds=${deeds} search=${search} />`}<//>`;
}

function Deeds({ deeds, search }) {
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    return deeds.filter((deed) => !wanted || `${deed.actor} ${deed.did} ${deed.reason}`.toLowerCase().includes(wanted));
  }, [deeds, search]);
  if (!shown.length) return html`<${Empty}>${deeds.length ? html`No deed has “${search}”.` : "No operator has done anything yet."}<//>`;
  return html`<${Table} label="What operators did" rows=${shown} columns=${[
    { name: "When", cell: (row) => html`<span title=${utc(row.at)}>${moment(row.at)}</span>` },
    { name: "Ago", cell: (row) => html`<${When} at=${row.at} />` },
    { name: "Who", cell: (row) => html`<span class="strong">${row.actor}</span>` },
    { name: "Did", cell: (row) => row.did },
    { name: "Reason", cell: (row) => row.reason },
    { name: "Belongs to", cell: (row) => (row.operation ? html`<a data-row class="id" href=${link(["operations"])}>${shortId(row.operation)}</a>` : row.hold ? `hold ${row.hold}` : "–") },
  ]} /><p class="below"><span role="status">${plural(shown.length, "deed")} shown.</span></p>`;
}
