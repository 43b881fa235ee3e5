// How to reach Kafka: the settings of kafkajs from a file as `queuebit status` names it.
import { readFileSync } from 'node:fs';

export function kafkaSettings(path) {
  const found = JSON.parse(readFileSync(path, 'utf8'));
  const settings = { brokers: found.bootstrap_servers.split(','), clientId: 'orders' };
  if (found.security_protocol.endsWith('SSL')) {
    settings.ssl = found.ssl_cafile ? { ca: [readFileSync(found.ssl_cafile, 'utf8')] } : true;
  }
  if (found.security_protocol.startsWith('SASL')) {
    settings.sasl = {
      mechanism: found.sasl_mechanism.toLowerCase(),
      username: found.sasl_plain_username,
      password: found.sasl_plain_password,
    };
  }
  return settings;
}
