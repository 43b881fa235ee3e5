// Which keys do what; and where letters are turned off.
import { html, useState } from "../core/html.js";
import { keysOn, turnKeys } from "../core/keys.js";
import { PLACES } from "../places.js";
import { Dialog } from "./pieces.js";

const KEYS = [
  ["/", "Go to the search or the first filter"],
  ["j", "Next row"],
  ["k", "Row before"],
  ["Enter", "Open the row"],
  ["t", "Theme: system, light, dark"],
  ["?", "This help"],
  ["Esc", "Close"],
];

export function Help({ open, close }) {
  const [on, setOn] = useState(keysOn());
  const turn = (event) => {
    turnKeys(event.target.checked);
    setOn(event.target.checked);
  };
  return html`<${Dialog} title="Keys and help" open=${open} close=${close}>
    <dl class="keys">${PLACES.map((each) => html`<div><dt><kbd>g</kbd> <kbd>${each.letter}</kbd></dt><dd>${each.title}</dd></div>`)}
      ${KEYS.map(([name, does]) => html`<div><dt><kbd>${name}</kbd></dt><dd>${does}</dd></div>`)}</dl>
    <p><label><input type="checkbox" checked=${on} onChange=${turn} /> Letters do something</label></p>
    <p class="note">Everything here is also on the command line and in the API: <code>queuebit --help</code>.
      The key of this tab is kept in this tab alone and forgotten when it is closed.</p>
    <form method="dialog"><button>Close</button></form><//>`;
}
