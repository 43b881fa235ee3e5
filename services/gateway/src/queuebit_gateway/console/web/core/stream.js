// Server-sent events with a header, which EventSource cannot send: read by fetch, resumed after the last id.
import { request } from "./api.js";

const PAUSE_MS = 1000;
const PAUSE_MS_MAX = 15000;

// Every frame of a text stream: {id, event, data}. A frame without data is only a place to resume from.
export async function* frames(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value;
      let end;
      let start = 0;
      while ((end = rest.indexOf("\n\n", start)) >= 0) {
        const frame = parse(rest.slice(start, end));
        start = end + 2;
        if (frame) yield frame;
      }
      rest = rest.slice(start);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function parse(text) {
  const frame = { id: null, event: "message", data: "" };
  let said = false;
  for (const line of text.split("\n")) {
    if (line.startsWith(":")) continue;
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "id") frame.id = value;
    else if (name === "event") frame.event = value;
    else if (name === "data") frame.data += (frame.data ? "\n" : "") + value;
    said = true;
  }
  return said ? frame : null;
}

// Follow a stream until `signal` aborts or the server says that all was seen; from now on where `after` is not given.
// `hear` gets each frame, `tell` how the connection stands.
export async function follow(path, { after = null, signal, hear, tell = () => {} }) {
  let last = after === null ? null : String(after);
  let pause = PAUSE_MS;
  while (!signal.aborted) {
    try {
      const answer = await request(path, { signal, headers: { Accept: "text/event-stream", ...(last === null ? {} : { "Last-Event-ID": last }) } });
      if (answer.status === 204) return tell("ended");
      tell("live");
      for await (const frame of frames(answer.body)) {
        pause = PAUSE_MS;
        if (frame.id !== null) last = frame.id;
        if (frame.data) hear(frame);
      }
    } catch (error) {
      if (error.name === "AbortError" || signal.aborted) return;
      if (error.status === 401 || error.status === 403 || error.status === 404) return tell("refused");
      tell("waiting");
    }
    await rest(pause, signal);
    pause = Math.min(pause * 2, PAUSE_MS_MAX);
  }
}

// The first event after a version, whole; null where there is none.
export async function eventAfter(jobId, version, { compact = false, signal } = {}) {
  const path = `v1/jobs/${jobId}/events${compact ? "?compact=true" : ""}`;
  const answer = await request(path, { signal, headers: { "Last-Event-ID": String(version) } });
  if (answer.status === 204) return null;
  for await (const frame of frames(answer.body)) {
    if (frame.data) return JSON.parse(frame.data);
  }
  return null;
}

export function rest(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
