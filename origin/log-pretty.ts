// Logs for a person at a terminal.

import pinoPretty from 'pino-pretty';

export function pretty() {
  return pinoPretty({ sync: true, ignore: 'pid,hostname,service', translateTime: 'HH:MM:ss.l', singleLine: true });
}
