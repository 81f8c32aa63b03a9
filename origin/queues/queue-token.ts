// When the API token ends by which the queues are pulled: Cloudflare is asked each hour. A token that ends takes intake with it, and
// nothing else would say so before. https://developers.cloudflare.com/api/resources/user/subresources/tokens/methods/verify/

import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import * as z from 'zod';
import { secretsIn } from '../../contracts/secret-strength.ts';
import { beforeWaitingFor } from '../db/held.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { QueueConfig } from '../queue-config.ts';

const hourMs = 3_600_000;
const timeoutMs = 15_000;

const verifiedSchema = z.object({
  success: z.literal(true),
  /** A token that never ends has no `expires_on`. */
  result: z.object({ status: z.string(), expires_on: z.iso.datetime({ offset: true }).nullish() }),
});

interface TokenWatch {
  /** Null: it never ends, or cannot be asked about. */
  ends(atMs: number | null): void;
}

export function createTokenMetric(registry: Registry): TokenWatch {
  let endsAtMs: number | null = null;
  const left = new Gauge({
    name: 'token_expiry_seconds',
    help: 'Until the API token ends by which the queues are pulled, as Cloudflare says each hour; no figure: it never ends, or cannot be asked about',
    labelNames: ['of'],
    registers: [registry],
    collect() {
      if (endsAtMs === null) left.remove({ of: 'queue' });
      else left.set({ of: 'queue' }, (endsAtMs - Date.now()) / 1_000);
    },
  });
  return {
    ends(atMs) {
      endsAtMs = atMs;
    },
  };
}

interface QueueTokenParts {
  readonly queue: QueueConfig;
  readonly watch: TokenWatch;
  readonly log: Logger;
}

export function createQueueToken({ queue, watch, log }: QueueTokenParts): Loop {
  /** Null: this place knows no such token. */
  async function ask(token: string, path: string, signal: AbortSignal) {
    beforeWaitingFor('the queue');
    const answer = await fetch(`${queue.api_url}${path}/tokens/verify`, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const said: unknown = await answer.json().catch(() => null);
    if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return null;
    const read = verifiedSchema.safeParse(said);
    if (!answer.ok || !read.success) throw new Error(`Cloudflare answered ${answer.status} about the queue's token`);
    return read.data.result;
  }

  /** While the token changes there are two: the newest that is known is the one that is used. */
  async function known(signal: AbortSignal) {
    for (const token of secretsIn(queue.api_token)) {
      // A token is a user's or an account's, and each place knows its own alone.
      const found = (await ask(token, '/user', signal)) ?? (await ask(token, `/accounts/${queue.account_id}`, signal));
      if (found !== null) return found;
    }
    return null;
  }

  return createLoop({
    name: 'queue token',
    log,
    intervalMs: hourMs,
    async round(signal) {
      const token = await known(signal);
      if (token === null) log.warn('Cloudflare does not know the token of the queue: nobody can say when it ends');
      watch.ends(token?.expires_on ? Date.parse(token.expires_on) : null);
      return false;
    },
  });
}
