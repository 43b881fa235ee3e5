// Hooks that read: once, again every few seconds while somebody looks, and never two at a time.
import { useCallback, useEffect, useRef, useState } from "./html.js";
import { follow, rest } from "./stream.js";

// {data, error, loading, reload} of an async function; what was read before stays while the next is read.
export function useRead(read, inputs, { everyMs = 0 } = {}) {
  const [found, setFound] = useState({ data: null, error: null, loading: true });
  const [round, setRound] = useState(0);
  const before = useRef(null);
  useEffect(() => {
    const ending = new AbortController();
    const same = JSON.stringify(inputs) === before.current;
    before.current = JSON.stringify(inputs);
    setFound((old) => (same ? { ...old, loading: true } : { data: null, error: null, loading: true }));
    (async () => {
      do {
        if (!document.hidden || !everyMs) {
          try {
            const data = await read(ending.signal);
            if (!ending.signal.aborted) setFound({ data, error: null, loading: false });
          } catch (error) {
            if (ending.signal.aborted || error.name === "AbortError") return;
            setFound((old) => ({ ...old, error, loading: false }));
          }
        }
        if (everyMs) await rest(everyMs, ending.signal);
      } while (everyMs && !ending.signal.aborted);
    })();
    return () => ending.abort();
  }, [JSON.stringify(inputs), round, everyMs]);
  const reload = useCallback(() => setRound((old) => old + 1), []);
  return { ...found, reload };
}

// The time, again every so often, for what says "12 s ago".
export function useNow(everyMs = 1000) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => document.hidden || setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

const SETTLE_MS = 400;

// Call `reload` when anything happened to a job of this tenant, at most every so often; says how the connection stands.
export function useNews(reload) {
  const [connection, setConnection] = useState("reading");
  useEffect(() => {
    const ending = new AbortController();
    let settling = null;
    const hear = () => {
      settling ??= setTimeout(() => {
        settling = null;
        if (!document.hidden) reload();
      }, SETTLE_MS);
    };
    follow("v1/events?compact=true", {
      signal: ending.signal,
      hear,
      tell: (now) => {
        if (ending.signal.aborted) return;
        setConnection(now);
        if (now === "live") hear();
      },
    });
    return () => {
      ending.abort();
      clearTimeout(settling);
    };
  }, [reload]);
  return connection;
}
