// The same questions once more: what was frozen is what is sent, first as a dry run, and never twice.
import { html, useEffect, useState } from "../../core/html.js";
import { get, post } from "../../core/api.js";
import { digest, each } from "../../core/many.js";
import { eventAfter } from "../../core/stream.js";
import { money, number, plural, seconds, shortId } from "../../core/format.js";
import { link } from "../../core/router.js";
import { useRead } from "../../core/load.js";
import { ENDED, Lane, State } from "../../parts/badges.js";
import { Empty, Failed, Loaded, Meter, Panel, Reading, Table } from "../../parts/pieces.js";

const BYTES_MAX = 3000000;
const WATCH_MS = 1000;

// The request of a job as it was asked, to be asked anew; a deadline that has passed is left out, or nothing could come of it.
async function questionOf(job) {
  const event = await eventAfter(job.id, 0);
  const asked = event?.data?.request;
  if (!asked?.problem?.statement) throw new Error("Its question is not kept any more.");
  const { tenant, deadline, ...question } = asked;
  const late = deadline && Date.parse(deadline) <= Date.now();
  return { ...question, ...(deadline && !late ? { deadline } : {}), labels: { ...question.labels, again_of: job.id } };
}

const bare = (question) => Object.fromEntries(Object.entries(question).filter(([, value]) => value !== null));

export function Again({ jobs, done }) {
  const [stage, setStage] = useState("reading");
  const [set, setSet] = useState(null);
  const [told, setTold] = useState(0);
  const [error, setError] = useState(null);
  useEffect(() => {
    const ending = new AbortController();
    (async () => {
      const fates = await each(jobs, async (job) => {
        const question = bare(await questionOf(job));
        return { question, dry: await post("v1/jobs?validate_only=true", question) };
      }, { signal: ending.signal, tell: (count) => ending.signal.aborted || setTold(count) });
      const hash = await digest(jobs.map((job) => job.id).join("\n"));
      if (ending.signal.aborted) return;
      setSet({ fates, hash });
      setStage("frozen");
    })().catch((problem) => ending.signal.aborted || setError(problem));
    return () => ending.abort();
  }, [jobs]);
  const send = async () => {
    setStage("sending");
    setError(null);
    try {
      setSet({ ...set, sent: await sendAll(set) });
      setStage("sent");
    } catch (problem) {
      setError(problem);
      setStage("frozen");
    }
  };
  return html`<${Panel} title="Ask again" note=${set ? `Frozen set ${set.hash.slice(0, 12)}: ${plural(jobs.length, "job")}; whatever fails from now on is not in it` : ""}
      actions=${html`<button type="button" class="quiet" onClick=${done}>${stage === "sent" ? "Close" : "Leave it"}</button>`}>
    <${Failed} error=${error} />
    ${stage === "reading" && !error && html`<${Reading} what=${`Dry run: ${told} of ${jobs.length}`} />`}
    ${set && stage !== "sent" && html`<${DryRun} set=${set} stage=${stage} send=${send} />`}
    ${stage === "sent" && html`<${Watch} sent=${set.sent} />`}<//>`;
}

// In batches that a request may hold. The key says which job of which set it is: sent twice, it is the same job.
async function sendAll({ fates, hash }) {
  const sent = [];
  let batch = [];
  let bytes = 0;
  const flush = async () => {
    if (!batch.length) return;
    const answer = await post("v1/batches", { jobs: batch.map((one) => one.body) });
    answer.data.forEach((line, nth) => sent.push({ from: batch[nth].from, id: line.job?.id, problem: line.problem }));
    batch = [];
    bytes = 0;
  };
  for (const { item, found } of fates.filter((fate) => fate.found)) {
    const body = { ...found.question, idempotency_key: `again-${hash.slice(0, 24)}-${item.id}` };
    const size = JSON.stringify(body).length;
    if (bytes + size > BYTES_MAX) await flush();
    batch.push({ from: item.id, body });
    bytes += size;
  }
  await flush();
  return sent;
}

function DryRun({ set, stage, send }) {
  const good = set.fates.filter((fate) => fate.found);
  const bad = set.fates.filter((fate) => fate.error);
  return html`<p><strong>${number(good.length)}</strong> of ${plural(set.fates.length, "question")} would be taken now${bad.length ? `, ${bad.length} would not` : ""}. Nothing was sent yet.</p>
    <${Table} label="Dry run" rows=${set.fates} rowKey=${(fate) => fate.item.id} columns=${[
      { name: "Job", cell: (fate) => html`<a class="id" href=${link(["jobs", fate.item.id])}>${shortId(fate.item.id)}</a>` },
      { name: "Plan now", cell: (fate) => fate.found?.dry.plan.name ?? fate.error.message },
      { name: "First leg", cell: (fate) => fate.found && html`<${Lane} lane=${fate.found.dry.plan.legs[0].lane} />` },
      { name: "Expected", number: true, cell: (fate) => seconds(fate.found?.dry.eta.expected_s) },
      { name: "At most", number: true, cell: (fate) => seconds(fate.found?.dry.eta.at_most_s) },
      { name: "Cost", cell: (fate) => fate.found && (fate.found.dry.cost.amount === null ? fate.found.dry.cost.detail : money(fate.found.dry.cost)) },
    ]} />
    <div><button type="button" class="main" disabled=${!good.length || stage === "sending"} onClick=${send}>${stage === "sending" ? "Sending …" : `Send ${plural(good.length, "job")}`}</button></div>`;
}

function Watch({ sent }) {
  const taken = sent.filter((one) => one.id);
  const refused = sent.filter((one) => one.problem);
  const [over, setOver] = useState(false);
  const read = useRead(async (signal) => {
    const fates = await each(taken, (one) => get(`v1/jobs/${one.id}`, { signal }), { signal });
    const jobs = fates.map((fate) => fate.found).filter(Boolean);
    if (jobs.length === taken.length && jobs.every((job) => ENDED.has(job.state))) setOver(true);
    return jobs;
  }, taken.map((one) => one.id), { everyMs: over ? 0 : WATCH_MS });
  return html`${refused.length > 0 && html`<p class="failed"><span><strong>${plural(refused.length, "question")} refused.</strong> ${refused[0].problem.detail ?? refused[0].problem.title}</span></p>`}
    ${taken.length ? html`<${Loaded} of=${read} what="Watching">${(jobs) => {
      const ended = jobs.filter((job) => ENDED.has(job.state)).length;
      return html`<p role="status"><strong>${number(ended)}</strong> of ${plural(taken.length, "job")} ended, ${number(jobs.filter((job) => job.state === "completed").length)} with an answer.</p>
        <${Meter} share=${taken.length ? ended / taken.length : 0} tone="good" label=${`${ended} of ${taken.length} ended`} />
        <${Table} label="Jobs that were sent again" rows=${jobs} rowKey=${(job) => job.id} columns=${[
          { name: "Job", cell: (job) => html`<a class="id" href=${link(["jobs", job.id])}>${shortId(job.id)}</a>` },
          { name: "Again of", cell: (job) => html`<span class="id">${shortId(taken.find((one) => one.id === job.id).from)}</span>` },
          { name: "Kind", cell: (job) => job.kind },
          { name: "State", cell: (job) => html`<${State} state=${job.state} />` },
        ]} />`;
    }}<//>` : html`<${Empty}>Nothing was taken.<//>`}`;
}
