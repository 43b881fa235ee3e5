// One job: why it stands where it stands, what ran, what it is worth, and everything behind it.
import { html, useCallback, useEffect, useRef, useState } from "../core/html.js";
import { get, withQuery } from "../core/api.js";
import { follow } from "../core/stream.js";
import { link } from "../core/router.js";
import { Failed, Panel, Reading, Title } from "../parts/pieces.js";
import { Timeline } from "../charts/timeline.js";
import { After } from "./job/after.js";
import { Head } from "./job/head.js";
import { Events, entryOf } from "./job/events.js";
import { Plan } from "./job/plan.js";
import { Verdict } from "./job/verdict.js";
import { Answer } from "./job/answer.js";
import { Attempts } from "./job/attempts.js";
import { Artifacts } from "./job/artifacts.js";
import { Raw } from "./job/raw.js";

const SETTLE_MS = 120;

export function Job({ route }) {
  const id = route.path[1];
  const state = useJob(encodeURIComponent(id));
  if (state.error && !state.job) {
    return html`<${Title} document="Job">Job<//><${Failed} error=${state.error} /><p><a href=${link(["jobs"])}>All jobs</a></p>`;
  }
  if (!state.job) return html`<${Reading} what="Reading the job" />`;
  return html`<${Whole} ...${state} id=${id} key=${id} />`;
}

function Whole({ job, explanation, entries, connection, error, reload }) {
  return html`<${Head} job=${job} explanation=${explanation} connection=${connection} reload=${reload} />
    <${Failed} error=${error} retry=${reload} />
    <div class="columns job">
      <${Verdict} job=${job} />
      <${Answer} job=${job} />
      <${After} job=${job} />
      <${Panel} title="Where the time went" wide=${true}><${Timeline} job=${job} explanation=${explanation} /><//>
      <${Events} job=${job} entries=${entries} />
      <${Plan} job=${job} explanation=${explanation} />
      <${Attempts} job=${job} />
      <${Artifacts} job=${job} />
      <${Raw} job=${job} />
    </div>`;
}

// The job, its explanation and its events: read once, then followed. What an event changes is read again a moment later.
function useJob(id) {
  const [found, setFound] = useState({ job: null, explanation: null, entries: [], error: null, connection: "reading" });
  const [round, setRound] = useState(0);
  const known = useRef({ entries: [], told: 0 });
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    known.current = { entries: [], told: 0 };
    let settling = null;
    let reading = false;
    let again = false;
    const read = async () => {
      if (reading) {
        again = true;
        return;
      }
      reading = true;
      try {
        const after = known.current.told;
        const [job, explanation] = await Promise.all([
          get(`v1/jobs/${id}?include=plan`, { signal }),
          get(withQuery(`v1/jobs/${id}/explain`, { timeline_after: after || undefined }), { signal }),
        ]);
        if (signal.aborted) return;
        take(explanation.timeline);
        setFound((old) => ({ ...old, job, explanation, entries: known.current.entries, error: null }));
      } catch (error) {
        if (!signal.aborted) setFound((old) => ({ ...old, error }));
      } finally {
        reading = false;
        if (again && !signal.aborted) {
          again = false;
          await read();
        }
      }
    };
    const take = (timeline) => {
      const { entries, told } = known.current;
      const fresh = timeline.filter((entry) => entry.version > told);
      if (!fresh.length) return;
      known.current = { entries: [...entries.slice(0, fresh[0].version - 1), ...fresh], told: fresh[fresh.length - 1].version };
    };
    const hear = (frame) => {
      const version = Number(frame.id);
      const { entries } = known.current;
      if (version <= (entries.length ? entries[entries.length - 1].version : 0)) return;
      known.current = { ...known.current, entries: [...entries, entryOf(frame, entries)] };
      clearTimeout(settling);
      settling = setTimeout(read, SETTLE_MS);
      setFound((old) => ({ ...old, entries: known.current.entries }));
    };
    read().then(() => follow(`v1/jobs/${id}/events?compact=true`, {
      after: known.current.told,
      signal,
      hear,
      tell: (connection) => signal.aborted || setFound((old) => ({ ...old, connection })),
    }));
    return () => {
      ending.abort();
      clearTimeout(settling);
    };
  }, [id, round]);
  const reload = useCallback(() => setRound((old) => old + 1), []);
  return { ...found, reload };
}
