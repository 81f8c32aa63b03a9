// The queue of a fault test: takes what the edge sends, keeps it, and brings it to the origin until the origin has taken it.
// It lives in the test's own process, so it survives every kill of the edge, as Cloudflare's does. Keeps nothing on disk.

import { newId } from '../../contracts/ids.ts';
import { deliverAnswerSchema } from '../../contracts/internal-api.ts';
import { signCall } from '../../contracts/sign-call.ts';
import { startQueueServer } from '../queue-server.ts';
import type { Notices } from './edge/notices.ts';
import type { Misdelivery } from './misdelivery.ts';

export interface QueueRelay {
  readonly port: number;
  /** Messages that the origin has not taken yet. */
  waiting(): number;
  /** Events that came, and how many of them had come before: each restart may repeat some, and none may be missing. */
  received(): { readonly events: number; readonly repeated: number };
  close(): Promise<void>;
}

export interface Message {
  readonly id: string;
  readonly body: { readonly card_key: string; readonly events?: readonly { readonly sequence: number }[] };
}

/** As Cloudflare's largest batch. */
const batchMax = 100;
const retryMs = 200;
const path = '/internal/card-events';

export async function startQueueRelay({
  originUrl,
  secret,
  onMessage,
  notices,
  misdelivery,
}: {
  originUrl: string;
  secret: string;
  /** Told of every message as the edge sends it. */
  onMessage?: (text: string) => void;
  /** Takes what cards must still be told; without it that queue is away. */
  notices?: Pick<Notices, 'take'> | undefined;
  /** What it does to messages that a good day would not; without it each comes once, in order, until it is taken. */
  misdelivery?: Misdelivery | undefined;
}): Promise<QueueRelay> {
  let waiting: Message[] = [];
  const seen = new Set<string>();
  let events = 0;
  let delivering: Promise<void> | null = null;
  let closed = false;

  const server = await startQueueServer((text) => {
    onMessage?.(text);
    const message: Message = { id: newId('req'), body: JSON.parse(text) };
    // A fact that was kept for a person has no events.
    for (const { sequence } of message.body.events ?? []) seen.add(`${message.body.card_key} ${sequence}`);
    events += message.body.events?.length ?? 0;
    waiting.push(...(misdelivery?.deliveriesOf(message) ?? [message]));
    delivering ??= deliverAll().finally(() => {
      delivering = null;
    });
  }, notices?.take);

  async function deliverAll(): Promise<void> {
    while (waiting.length > 0 && !closed) {
      const batch = misdelivery?.pick(waiting, batchMax) ?? waiting.slice(0, batchMax);
      const taken = batch.length === 0 ? new Set() : await postMessages(originUrl, secret, batch);
      const comesAgain = ({ id }: Message) => !taken.has(id) || misdelivery?.losesAcknowledgement() === true;
      const delivered = new Set(batch);
      // What was not taken goes to the end: another order than it came in, as a queue may have.
      waiting = [...waiting.filter((message) => !delivered.has(message)), ...batch.filter(comesAgain)];
      if (taken.size < batch.length || batch.length === 0) await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  return {
    port: server.port,
    waiting: () => waiting.length,
    received: () => ({ events, repeated: events - seen.size }),
    async close() {
      closed = true;
      await server.close();
      await delivering;
    },
  };
}

/** The ids of the messages that the origin has taken; none where it cannot be reached. Signed as the worker signs. */
export async function postMessages(
  originUrl: string,
  secret: string,
  messages: readonly { readonly id: string; readonly body: unknown }[],
): Promise<ReadonlySet<string>> {
  const body = JSON.stringify({ messages });
  const signature = signCall(
    secret,
    { method: 'POST', pathAndQuery: path, body },
    { id: newId('req'), at: new Date() },
  );
  try {
    const answer = await fetch(originUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signature },
      body,
      signal: AbortSignal.timeout(10_000),
    });
    const { results } = deliverAnswerSchema.parse(await answer.json());
    return new Set(results.filter(({ outcome }) => outcome !== 'retry').map(({ id }) => id));
  } catch {
    return new Set();
  }
}
