// The keyboard: one letter, or "g" and one letter. Who uses letters otherwise turns this off in the help.
import { useLayoutEffect, useState } from "./html.js";

const NAME = "queuebit.keys";
const AFTER_G_MS = 1500;
const NEVER = -Infinity;

export function keysOn() {
  try {
    return window.localStorage.getItem(NAME) !== "off";
  } catch {
    return true;
  }
}

export function turnKeys(on) {
  try {
    window.localStorage.setItem(NAME, on ? "on" : "off");
  } catch {
    // Where nothing may be stored the keys stay on.
  }
}

function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
}

// `places`: the letter after g, and where it leads. `deeds`: a letter, and what it does.
export function useKeys(places, deeds) {
  const [waiting, setWaiting] = useState(false);
  // Before anything is painted: whoever sees the page may type.
  useLayoutEffect(() => {
    let since = NEVER;
    const hear = (event) => {
      if (!keysOn() || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]")) return;
      const afterG = performance.now() - since < AFTER_G_MS;
      since = NEVER;
      setWaiting(false);
      const deed = afterG ? places[event.key] : deeds[event.key];
      if (deed) {
        event.preventDefault();
        deed();
      } else if (event.key === "g") {
        since = performance.now();
        setWaiting(true);
      }
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, [places, deeds]);
  return waiting;
}

// From one row to the next: the links that begin the rows of the table or list of this screen.
export function step(by) {
  const rows = [...document.querySelectorAll("main [data-row]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row === document.activeElement);
  rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))].focus();
}
