// What is done on purpose: asked once more, with the reason that goes on record.
import { html, useId, useState } from "../core/html.js";
import { Dialog, Failed } from "./pieces.js";

// `deed(reason)` does it; `children` are further fields of the form, and words about what it does.
export function Reasoned({ title, open, close, verb, keep = "Leave it", danger = false, required = true, deed, children }) {
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const field = useId();
  const done = () => {
    setError(null);
    close();
  };
  const act = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await deed(reason);
      setReason("");
      close();
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  return html`<${Dialog} title=${title} open=${open} close=${done}>
    <form onSubmit=${act}>${children}<label for=${field}>Reason, for the record</label>
      <input id=${field} maxlength="500" required=${required} value=${reason} onInput=${(event) => setReason(event.target.value)} />
      <${Failed} error=${error} />
      <div class="dialog-buttons"><button type="button" onClick=${done}>${keep}</button><button class=${danger ? "danger" : "main"} disabled=${busy}>${verb}</button></div></form><//>`;
}
