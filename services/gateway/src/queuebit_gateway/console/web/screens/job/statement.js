// The question of a job: its first event has it whole. It is read once for all who draw from it.
import { useEffect, useState } from "../../core/html.js";
import { eventAfter } from "../../core/stream.js";

const KEPT_MAX = 8;
const kept = new Map();

function statementOf(jobId) {
  if (!kept.has(jobId)) {
    if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value);
    const reading = eventAfter(jobId, 0).then((event) => event?.data?.request?.problem?.statement ?? null);
    kept.set(jobId, reading);
    reading.catch(() => kept.delete(jobId));
  }
  return kept.get(jobId);
}

// Why a statement or an answer is not shown: "sealed" where who may can reveal it, "erased" where nobody can, "misplaced" where
// it is another job's; null where it is.
// Events have what is sealed as it is stored.
export function shutOf(value) {
  if (value?.$misplaced) return "misplaced";
  return value?.$redacted ? "erased" : value?.$masked || value?.$sealed ? "sealed" : null;
}

export function useStatement(job) {
  const [found, setFound] = useState({ statement: null, error: null });
  useEffect(() => {
    let gone = false;
    statementOf(job.id).then(
      (statement) => gone || setFound({ statement, error: null }),
      (error) => gone || setFound({ statement: null, error }),
    );
    return () => {
      gone = true;
    };
  }, [job.id]);
  return found;
}
