// Where the console is, as the part of the address behind the hash: #/jobs?state=failed.
import { useLayoutEffect, useState } from "./html.js";

export function here() {
  const text = location.hash.replace(/^#\/?/, "");
  const [path, query = ""] = text.split("?");
  return { path: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

// What nobody has escaped stands as it is: the address is typed by people too.
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function link(path, query) {
  const way = path.map(encodeURIComponent).join("/");
  const text = query ? new URLSearchParams(entries(query)).toString() : "";
  return `#/${way}${text ? `?${text}` : ""}`;
}

function entries(query) {
  const pairs = query instanceof URLSearchParams ? [...query] : Object.entries(query);
  return pairs
    .flatMap(([name, value]) => (Array.isArray(value) ? value.map((each) => [name, each]) : [[name, value]]))
    .filter(([, value]) => value !== undefined && value !== null && value !== "");
}

export function go(path, query) {
  location.hash = link(path, query);
}

// Other filters of the same screen: no new step in the history, so that "back" leaves the screen.
export function refine(path, query) {
  history.replaceState(null, "", link(path, query));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute() {
  const [route, setRoute] = useState(here);
  // Before anything is painted: what is gone to meanwhile is not missed.
  useLayoutEffect(() => {
    const look = () => setRoute(here());
    window.addEventListener("hashchange", look);
    return () => window.removeEventListener("hashchange", look);
  }, []);
  return route;
}
