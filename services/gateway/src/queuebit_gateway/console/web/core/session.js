// The API key of this tab: in memory and in sessionStorage, never in an address.
const NAME = "queuebit.key";

let held = null;
const listeners = new Set();

function stored() {
  try {
    return window.sessionStorage.getItem(NAME);
  } catch {
    return null; // Storage may be forbidden; then the key lives as long as the page.
  }
}

export function key() {
  held = held ?? stored();
  return held;
}

export function signIn(text) {
  held = text;
  try {
    window.sessionStorage.setItem(NAME, text);
  } catch {
    // Storage may be forbidden; the key is still in memory.
  }
  for (const listener of listeners) listener("");
}

export function signOut(reason = "") {
  held = null;
  try {
    window.sessionStorage.removeItem(NAME);
  } catch {
    // There is nothing to remove where nothing may be stored.
  }
  for (const listener of listeners) listener(reason);
}

// What may be shown of the key: its id, never its secret.
export function maskedKey() {
  const text = key() ?? "";
  return text ? `${text.slice(0, 16)}…` : "";
}

export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
