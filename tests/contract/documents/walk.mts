// A job from end to end, typed by what was generated from the document: node walk.mjs URL KEY
import createClient from "openapi-fetch";
import type { paths } from "./api.js";
import { randomUUID } from "node:crypto";
import process from "node:process";

const [url, key] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

const header = { "Idempotency-Key": randomUUID() };
const body = {
  problem: { kind: "maxcut", version: 1, statement: { nodes: 3, edges: [[0, 1], [1, 2]] } },
  lane: "classical" as const,
  seed: 1,
};
const taken = await client.POST("/v1/jobs", { params: { header }, body: body as never });
must(taken.response.status === 202 && taken.data !== undefined, `submit: ${taken.response.status}`);
const id = (taken.data as { id: string }).id;
let state = "";
for (const deadline = Date.now() + 60_000; state !== "completed"; ) {
  must(Date.now() < deadline, `it is ${state}`);
  const read = await client.GET("/v1/jobs/{job_id}", { params: { path: { job_id: id } } });
  must(read.data !== undefined, `read: ${read.response.status}`);
  state = read.data.state;
  if (state === "completed") must(read.data.objective === 2, `objective ${read.data.objective}`);
  await new Promise((done) => setTimeout(done, 50));
}
const listed = await client.GET("/v1/jobs", { params: { query: { limit: 1 } } });
must(listed.data?.data[0]?.id === id, "list");
const missing = await client.GET("/v1/jobs/{job_id}", { params: { path: { job_id: randomUUID() } } });
must(missing.response.status === 404 && missing.error?.code === "job_not_found", "missing");
process.stdout.write("done\n");
