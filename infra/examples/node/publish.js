// Ask as an upstream service: one question for each order.
// Usage: node publish.js ACCESS TENANT ORDER... [--structured | --batch] [--topic=TOPIC]
import { CloudEvent, Kafka as Binding } from 'cloudevents';
import { CompressionTypes, Kafka } from 'kafkajs';
import { kafkaSettings } from './access.js';

const words = process.argv.slice(2);
const [access, tenant, ...orders] = words.filter((word) => !word.startsWith('--'));
const topic = words.find((word) => word.startsWith('--topic='))?.slice('--topic='.length) ?? 'jobs.submitted';

// The id is the order's, so that an order that is sent again is the same question.
function question(order) {
  const request = {
    tenant,
    lane: 'classical',
    problem: { kind: 'maxcut', statement: { nodes: 4, edges: [[0, 1], [1, 2], [2, 3], [3, 0]] } },
    labels: { order },
  };
  return new CloudEvent({
    type: 'io.queuebit.JobSubmitted.v1',
    source: '/orders',
    id: order,
    subject: order,
    tenant,
    datacontenttype: 'application/json',
    data: { request },
  });
}

// In binary mode the SDK hands over data as they are, and headers for attributes that are not set: kafkajs takes neither.
function message(event) {
  if (words.includes('--structured')) return { ...Binding.structured(event), key: event.id };
  const { headers } = Binding.binary(event);
  const set = Object.entries(headers).filter(([, value]) => value !== undefined);
  return { headers: Object.fromEntries(set), key: event.id, value: JSON.stringify(event.data) };
}

function batch(events) {
  return { headers: { 'content-type': 'application/cloudevents-batch+json' }, value: JSON.stringify(events) };
}

const events = orders.map(question);
const producer = new Kafka(kafkaSettings(access)).producer({ idempotent: true });
await producer.connect();
try {
  const messages = words.includes('--batch') ? [batch(events)] : events.map(message);
  const places = await producer.send({ topic, acks: -1, compression: CompressionTypes.GZIP, messages });
  for (const { partition, baseOffset } of places) console.log(JSON.stringify({ partition, offset: baseOffset }));
} finally {
  await producer.disconnect();
}
