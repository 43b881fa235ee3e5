// Many requests, a few at a time, each with a fate of its own.
const AT_ONCE = 5;

// `deed` for each of `items`, at most so many at once. A fate is {item, found} or {item, error}; `tell` hears how many are done.
export async function each(items, deed, { signal, tell = () => {}, atOnce = AT_ONCE } = {}) {
  const fates = new Array(items.length);
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < items.length && !signal?.aborted) {
      const nth = next;
      next += 1;
      try {
        fates[nth] = { item: items[nth], found: await deed(items[nth]) };
      } catch (error) {
        fates[nth] = { item: items[nth], error };
      }
      done += 1;
      tell(done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  return fates.filter(Boolean);
}

// The SHA-256 of a text, in hexadecimal.
export async function digest(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
