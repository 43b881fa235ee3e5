// One API key, entered once for this tab.
import { html, useState } from "../core/html.js";
import { request } from "../core/api.js";
import { signIn } from "../core/session.js";
import { Failed, Title } from "../parts/pieces.js";

export function SignIn({ reason }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const enter = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await request("v1/jobs?limit=1", { secret: text.trim() });
      signIn(text.trim());
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return html`<main class="sign-in" id="main"><div class="sign-in-box">
    <img src="icon.svg" alt="" width="44" height="44" />
    <${Title} document="Sign in">Queuebit console<//>
    ${reason && !error && html`<p class="remedy" role="alert">${reason}</p>`}
    <form onSubmit=${enter}>
      <label for="key">API key</label>
      <input id="key" name="key" type="password" autocomplete="off" spellcheck="false" required
        value=${text} onInput=${(event) => setText(event.target.value)} />
      <button class="main" disabled=${busy}>${busy ? "Checking …" : "Sign in"}</button>
    </form>
    ${error && html`<${Failed} error=${error} />`}
    <div class="note"><p>The key stays in this tab and goes nowhere but to this gateway. On your own machine
      <code>queuebit up</code> and <code>queuebit console</code> say where it is; an operator makes one with
      <code>python -m queuebit_gateway keys create</code>.</p></div>
  </div></main>`;
}
