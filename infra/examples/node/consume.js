// Act on answers as a downstream service: each once, whatever is delivered twice.
// Usage: node consume.js ACCESS INBOX [--group=GROUP] [--topics=TOPIC,...] [--until=COUNT]
//
// INBOX is a file of one line for each event that was acted on: it stands for the table of your service that has the event's id as
// its key, and that you write in the same transaction as what the answer changes. What cannot be read goes to INBOX.poison.
import { Kafka as Binding } from 'cloudevents';
import { Kafka } from 'kafkajs';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { kafkaSettings } from './access.js';

const { values: given, positionals: [access, inbox] } = parseArgs({
  allowPositionals: true,
  options: {
    group: { type: 'string', default: 'downstream-orders' },
    topics: { type: 'string', default: 'jobs.completed,jobs.failed' },
    until: { type: 'string', default: 'Infinity' },
  },
});

// Headers of others, as tracing adds them, are none of ours and need not even be text.
function eventOf(message) {
  const ours = Object.entries(message.headers ?? {}).filter(([name]) => name === 'content-type' || name.startsWith('ce_'));
  const headers = Object.fromEntries(ours.map(([name, value]) => [name, value?.toString()]));
  return Binding.toEvent({ headers, value: message.value });
}

// What we act on. `origin` says whose it is: the id and source of our event, our key, our labels.
function told({ id, type, subject, data }) {
  if (typeof data !== 'object' || data === null) throw new Error('no data');
  const { origin = {}, objective = null, code = null } = data;
  return { id, type: type.split('.').at(-2), job: subject, origin, objective, code };
}

// Durable before the offsets are.
function append(path, lines) {
  if (lines.length === 0) return;
  const file = openSync(path, 'a');
  writeSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  fsyncSync(file);
  closeSync(file);
}

const lines = existsSync(inbox) ? readFileSync(inbox, 'utf8').split('\n').filter(Boolean) : [];
const seen = new Set(lines.map((line) => JSON.parse(line).id));
const consumer = new Kafka(kafkaSettings(access)).consumer({ groupId: given.group });
const ended = new Promise((resolve, reject) => {
  consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error));
  consumer.on(consumer.events.COMMIT_OFFSETS, () => seen.size >= Number(given.until) && resolve());
});

await consumer.connect();
await consumer.subscribe({ topics: given.topics.split(','), fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    const { topic, partition } = batch;
    const fresh = [];
    const unreadable = [];
    for (const message of batch.messages) {
      try {
        const line = told(eventOf(message));
        if (!seen.has(line.id)) fresh.push(line);
        seen.add(line.id);
      } catch (error) {
        unreadable.push({ topic, partition, offset: Number(message.offset), error: String(error) });
      }
    }
    append(inbox, fresh);
    append(`${inbox}.poison`, unreadable);
    await consumer.commitOffsets([{ topic, partition, offset: String(BigInt(batch.lastOffset()) + 1n) }]);
  },
});
try {
  await ended;
} finally {
  await consumer.disconnect();
}
