// Upstash's client, with two tokens while one is changed. It gives an error of its own for every answer but 200, without the status:
// a refused token is told by the word that the message begins with (https://upstash.com/docs/redis/troubleshooting/http_unauthorized).

import { Redis } from '@upstash/redis';
import { secretsIn } from '../../../contracts/secret-strength.ts';
import { type KeyWatch, showKey } from '../../secrets/shown-key.ts';

export interface RedisOptions {
  readonly url: string;
  /** Two with a space while it changes, the newest first. */
  readonly token: string;
  readonly keyWatch?: KeyWatch | undefined;
}

/** At the beginning only: the rest of the message quotes the command, which may hold anything. */
const refusal = /^(?:WRONGPASS|NOAUTH|NOPERM|Unauthorized)\b/;

export function openRedis({ url, token, keyWatch }: RedisOptions): Redis {
  const tokens = secretsIn(token);
  const withToken = showKey('UPSTASH_REDIS_REST_TOKEN', tokens, keyWatch);
  const redis = new Redis({
    ...{ url, token: tokens[0] ?? '' },
    // Answers are kept as text, and sealed: the client must not read into them.
    ...{ automaticDeserialization: false, retry: { retries: 0 }, enableTelemetry: false },
  });
  redis.use((request, next) =>
    withToken(
      (shown) => next({ ...request, headers: { ...request.headers, authorization: `Bearer ${shown}` } }),
      (outcome) => outcome.status === 'rejected' && refusal.test(messageOf(outcome.reason)),
    ),
  );
  return redis;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
