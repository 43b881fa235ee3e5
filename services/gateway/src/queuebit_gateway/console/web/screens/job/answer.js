// The answer: as a picture where one says it, as outcomes where there are counts, and always as text.
import { html, useEffect, useState } from "../../core/html.js";
import { post } from "../../core/api.js";
import { number } from "../../core/format.js";
import { countsOf, Histogram } from "../../charts/histogram.js";
import { Copy, Empty, Failed, Panel, Reading } from "../../parts/pieces.js";
import { Reasoned } from "../../parts/reasoned.js";
import { drawingOf } from "../../drawings/index.js";
import { Circuit } from "./circuit.js";
import { shutOf, useStatement } from "./statement.js";

const SHOWN_MAX = 4000;

export function Answer({ job }) {
  const [revealed, setRevealed] = useState(null);
  const shown = revealed?.version === job.version ? revealed : job;
  const shut = shutOf(shown.answer);
  return html`<${Panel} title="Answer" actions=${shown.answer && !shut && html`<${Copy} text=${JSON.stringify(shown.answer)} label="Copy answer" />`}>
    ${shut === "sealed" ? html`<${Sealed} job=${job} reveal=${setRevealed} />`
      : shut === "erased" ? html`<${Empty}>It was erased, with all data of its subject.<//>`
      : shut === "misplaced" ? html`<${Empty}>What stands here was sealed for another job, and is not shown.<//>`
      : shown.answer ? html`<${Known} job=${shown} />` : html`<${Empty}>There is no answer${job.failure || job.rejection ? "." : " yet."}<//>`}<//>`;
}

function Sealed({ job, reveal }) {
  const [asked, setAsked] = useState(false);
  const deed = async (reason) => reveal(await post(`v1/jobs/${encodeURIComponent(job.id)}/reveal`, { reason }));
  return html`<${Empty}>It holds data of a subject, and is sealed.<//>
    <p class="below"><button type="button" onClick=${() => setAsked(true)}>Reveal the answer</button></p>
    <${Reasoned} title="Reveal the answer?" open=${asked} close=${() => setAsked(false)} verb="Reveal it" keep="Leave it sealed" deed=${deed}>
      <p>Who asked, and why, is written into the trail of your tenant before it is shown.</p><//>`;
}

function Known({ job }) {
  const counts = countsOf(job.answer);
  const draws = drawingOf(job.kind);
  return html`${counts && html`<${Histogram} counts=${counts} title="Outcomes" />`}
    ${counts && Object.entries(job.answer.marginals ?? {}).map(([name, each]) => html`<${Histogram} counts=${each} title=${`Marginal ${name}`} />`)}
    ${job.answer.value !== undefined && html`<${Value} answer=${job.answer} />`}
    ${draws && html`<${Drawn} job=${job} open=${draws} />`}
    ${job.kind.startsWith("circuit_sampling") && html`<${Circuit} job=${job} />`}
    <${AsText} answer=${job.answer} open=${!counts && !draws && job.answer.value === undefined} />`;
}

function Value({ answer }) {
  const error = answer.std_error ?? null;
  return html`<dl class="big"><div><dt>Value</dt><dd>${number(answer.value)}${error !== null && html` <span class="note">± ${number(error)}</span>`}</dd></div>
    ${answer.bias_max !== undefined && html`<div><dt>Bias at most</dt><dd>${number(answer.bias_max)}</dd></div>`}
    ${answer.mitigated && html`<div><dt>Mitigated (${answer.mitigated.method})</dt><dd>${number(answer.mitigated.value)} <span class="note">± ${number(answer.mitigated.std_error)}</span></dd></div>`}</dl>`;
}

function Drawn({ job, open }) {
  const { statement, error } = useStatement(job);
  const [draw, setDraw] = useState(null);
  useEffect(() => {
    open().then((found) => setDraw(() => found));
  }, [open]);
  if (error) return html`<${Failed} error=${error} />`;
  if (!statement || !draw) return html`<${Reading} what="Drawing" />`;
  if (shutOf(statement)) return html`<p class="note">The question is ${shutOf(statement)}, so that nothing can be drawn.</p>`;
  const picture = draw(statement, job.answer, job.kind);
  return picture ?? html`<p class="note">This one is too large to be drawn, or states nothing that could be.</p>`;
}

function AsText({ answer, open }) {
  const text = JSON.stringify(answer);
  const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)} …` : text;
  return html`<details open=${open}><summary>As text</summary><pre tabindex="0" aria-label="Answer as JSON" class="wrap">${shown}</pre></details>`;
}
