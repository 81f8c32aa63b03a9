// One call of Cloudflare's queue API. https://developers.cloudflare.com/queues/configuration/pull-consumers/ and
// https://developers.cloudflare.com/queues/examples/publish-to-a-queue-via-http/

import * as z from 'zod';
import { secretsIn } from '../../contracts/secret-strength.ts';
import { beforeWaitingFor } from '../db/held.ts';
import type { QueueConfig } from '../queue-config.ts';
import { isKeyRefused, showKey } from '../secrets/shown-key.ts';

const timeoutMs = 15_000;

export interface QueueCall<T> {
  /** After `/messages`: `/pull`, `/ack`, or nothing, which puts a message in. */
  readonly path: '/pull' | '/ack' | '';
  readonly body: unknown;
  readonly schema: z.ZodType<T>;
  readonly signal?: AbortSignal | undefined;
}

/** Throws where the queue does not answer, or not as documented. */
export async function callQueue<T>(queue: QueueConfig, { path, body, schema, signal }: QueueCall<T>): Promise<T> {
  beforeWaitingFor('the queue');
  const timeout = AbortSignal.timeout(timeoutMs);
  const url = `${queue.api_url}/accounts/${queue.account_id}/queues/${queue.queue_id}/messages${path}`;
  const ask = async (token: string) => {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const said: unknown = await answer.json().catch(() => null);
    return { status: answer.status, ok: answer.ok, said };
  };
  const withToken = showKey('CLOUDFLARE_API_TOKEN', secretsIn(queue.api_token), queue.keyWatch);
  const { status, ok, said } = await withToken(ask, isKeyRefused);
  const parsed = schema.safeParse(said);
  if (!ok || !parsed.success) throw new Error(`the queue answered ${status} to ${path || 'a message'}`);
  return parsed.data;
}

export const acceptedSchema = z.object({ success: z.literal(true) });
