// The same job from elsewhere: what is copied runs as it is, and holds no key.
import { address } from "./api.js";

export function snippetsOf(job) {
  const root = address("").href.replace(/\/$/, "");
  return [
    ["CLI", `queuebit show ${job.id}\nqueuebit explain ${job.id}\nqueuebit watch ${job.id}`],
    ["curl", `curl -s -H "Authorization: Bearer $QUEUEBIT_API_KEY" \\\n  "${root}/v1/jobs/${job.id}?include=plan,events"`],
    ["Python", `from queuebit_client import Queuebit\n\nwith Queuebit() as queuebit:\n    job = queuebit.get("${job.id}", include=["plan"])\n    print(job.state, job.objective)`],
  ];
}
