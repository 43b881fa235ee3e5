// What a bulk operation is about, chosen and frozen. Nothing is done by it: the frozen set is looked at first.
import { html, useState } from "../../core/html.js";
import { get, post } from "../../core/api.js";
import { useRead } from "../../core/load.js";
import { Failed, Panel } from "../../parts/pieces.js";

export const VERBS = {
  "jobs cancel": "Cancel jobs that have not ended",
  "jobs rerun": "Ask the very same again, each as a job of its own",
  "jobs invalidate": "Mark the answers of completed jobs as suspect",
  "jobs recall": "Take back work that is out and was not begun, where a hold would stop it",
};
const STATES = {
  "jobs cancel": ["held", "planned", "queued", "running", "validating"],
  "jobs rerun": ["completed", "failed", "expired", "cancelled"],
  "jobs invalidate": ["completed"],
  "jobs recall": ["queued"],
};
const TIERS = ["interactive", "batch", "scheduled"];
const LANES = ["auto", "quantum", "simulator", "classical", "rule"];

export function Prepare({ prepared }) {
  const [verb, setVerb] = useState("jobs cancel");
  const [chosen, setChosen] = useState({ tenant: "", state: "held", kind: "", tier: "" });
  const [lane, setLane] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const kinds = useRead((signal) => get("v1/kinds", { signal }), ["kinds"]);
  const set = (name) => (event) => setChosen((old) => ({ ...old, [name]: event.target.value }));
  const another = (event) => {
    setVerb(event.target.value);
    setChosen((old) => ({ ...old, state: STATES[event.target.value][0] }));
  };
  const freeze = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    const { tenant, state, kind, tier } = chosen;
    const body = { verb, chosen: { tenant: tenant.trim(), state: [state], kind: kind ? [kind] : [], tier: tier ? [tier] : [] } };
    try {
      prepared(await post("v1/operations", verb === "jobs rerun" && lane ? { ...body, lane } : body));
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  const choice = (name, says, values, value, change, none) => html`<label>${says} <select name=${name} value=${value} onChange=${change}>
    ${none && html`<option value="">${none}</option>`}${values.map((each) => html`<option value=${each}>${each}</option>`)}</select></label>`;
  return html`<${Panel} title="Prepare" note=${VERBS[verb]}>
    <form class="filter-line" onSubmit=${freeze}>
      <label>Do <select data-search name="verb" value=${verb} onChange=${another}>${Object.keys(VERBS).map((each) => html`<option value=${each}>${each}</option>`)}</select></label>
      <label>Tenant <input name="tenant" required maxlength="64" value=${chosen.tenant} onInput=${set("tenant")} /></label>
      ${choice("state", "In state", STATES[verb], chosen.state, set("state"))}
      ${choice("kind", "Kind", (kinds.data?.data ?? []).map((each) => each.name), chosen.kind, set("kind"), "any")}
      ${choice("tier", "Tier", TIERS, chosen.tier, set("tier"), "any")}
      ${verb === "jobs rerun" && choice("lane", "Again on lane", LANES, lane, (event) => setLane(event.target.value), "as before")}
      <button class="main" disabled=${busy}>${busy ? "Counting …" : "Freeze and count"}</button>
    </form>
    <${Failed} error=${error} /><//>`;
}
