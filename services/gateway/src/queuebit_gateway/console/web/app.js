// The frame: who is signed in, where one is, and the way to everywhere else.
import { html, render, useCallback, useEffect, useMemo, useState } from "./core/html.js";
import { key, maskedKey, onChange, signOut } from "./core/session.js";
import { go, link, useRoute } from "./core/router.js";
import { nextTheme, setTheme, theme } from "./core/theme.js";
import { step, useKeys } from "./core/keys.js";
import { PLACES, placeOf } from "./places.js";
import { Icon } from "./parts/icons.js";
import { Empty, Failed, Reading, Title } from "./parts/pieces.js";
import { Help } from "./parts/help.js";
import { SignIn } from "./screens/sign_in.js";

function App() {
  const [secret, setSecret] = useState(key());
  const [reason, setReason] = useState("");
  useEffect(() => onChange((why) => {
    setSecret(key());
    setReason(why);
  }), []);
  return secret ? html`<${Frame} />` : html`<${SignIn} reason=${reason} />`;
}

function Frame() {
  const route = useRoute();
  const place = placeOf(route.path);
  const [help, setHelp] = useState(false);
  const [look, setLook] = useState(theme());
  const other = useCallback(() => {
    const next = nextTheme();
    setTheme(next);
    setLook(next);
  }, []);
  const ways = useMemo(() => Object.fromEntries(PLACES.map((each) => [each.letter, () => go([each.name])])), []);
  const deeds = useMemo(() => ({
    "?": () => setHelp(true),
    t: other,
    j: () => step(1),
    k: () => step(-1),
    "/": () => document.querySelector("main [data-search]")?.focus(),
  }), [other]);
  useKeys(ways, deeds);
  return html`<a class="skip" href="#main" onClick=${toMain}>Go to the content</a>
    <header class="bar">
      <a class="brand" href=${link(["overview"])}><img src="icon.svg" alt="" width="22" height="22" />Queuebit</a>
      <nav aria-label="Console"><ul>${PLACES.map((each) => html`<li key=${each.name}><a href=${link([each.name])}
        aria-current=${each === place ? "page" : undefined}><${Icon} name=${each.name} size=${15} />${each.title}</a></li>`)}</ul></nav>
      <div class="bar-end">
        <span class="who" title="The key of this tab"><${Icon} name="key" size=${13} />${maskedKey()}</span>
        <div class="bar-buttons">
          <button type="button" class="quiet" onClick=${other}><${Icon} name="theme" />Theme: ${look}</button>
          <button type="button" class="quiet" onClick=${() => setHelp(true)}>Keys and help</button>
          <button type="button" class="quiet" onClick=${() => signOut()}>Sign out</button>
        </div>
      </div>
    </header>
    <main id="main" tabindex="-1">${place ? html`<${Screen} key=${route.path.join("/")} place=${place} route=${route} />` : html`<${Nowhere} />`}</main>
    <${Help} open=${help} close=${() => setHelp(false)} />`;
}

function Nowhere() {
  return html`<${Title} document="Not found">There is no such page<//><${Empty}>Choose another place on the left, or begin at the <a href=${link(["overview"])}>overview</a>.<//>`;
}

function toMain(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

// A screen is fetched when it is gone to for the first time.
function Screen({ place, route }) {
  const [found, setFound] = useState({ screen: null, error: null });
  useEffect(() => {
    let gone = false;
    place.open(route.path).then(
      (screen) => gone || setFound({ screen, error: null }),
      (error) => gone || setFound({ screen: null, error }),
    );
    return () => {
      gone = true;
    };
  }, [place]);
  if (found.error) return html`<${Failed} error=${found.error} retry=${() => location.reload()} />`;
  if (!found.screen) return html`<${Reading} />`;
  return html`<${found.screen} route=${route} />`;
}

setTheme(theme());
render(html`<${App} />`, document.getElementById("app"));
