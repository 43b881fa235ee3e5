// The public API and nothing beside it. Every error is one of ApiError, with the server's own remedy.
import { key, signOut } from "./session.js";

const BASE = new URL("../", document.baseURI);

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.status = status;
    this.code = problem.code ?? "unreachable";
    this.title = problem.title ?? "No answer";
    this.remedy = problem.remedy ?? "";
    this.requestId = problem.request_id ?? "";
    this.fields = problem.errors ?? [];
  }
}

export function address(path) {
  return new URL(path.replace(/^\//, ""), BASE);
}

export async function request(path, { method = "GET", body, headers = {}, signal, secret = key() } = {}) {
  let answer;
  try {
    answer = await fetch(address(path), {
      method,
      signal,
      cache: "no-store",
      credentials: "omit",
      headers: {
        Authorization: `Bearer ${secret}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, {
      title: "The gateway does not answer",
      detail: "No connection to the gateway.",
      remedy: "Is it running? Look with queuebit status; this page tries again by itself.",
    });
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  const error = new ApiError(answer.status, problem);
  if (answer.status === 401 && secret === key()) signOut(error.message);
  throw error;
}

export async function get(path, options) {
  return readJson(await request(path, options));
}

export async function post(path, body, headers) {
  const answer = await request(path, { method: "POST", body, headers });
  return readJson(answer);
}

async function readJson(answer) {
  return JSON.parse(await answer.text());
}

// A path with those of the parameters that say something.
export function withQuery(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null && each !== "") query.append(name, each);
    }
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
