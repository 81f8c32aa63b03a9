// The queue of what cards must still be told, in the test's own process: what the edge sends is kept, and brought back to it as Cloudflare
// does, again after the delay that the edge asks for. The edge must be `../../faulty-worker.ts`, which takes batches.

import { newId } from '../../../contracts/ids.ts';
import { type BatchAnswer, batchPath } from './fault.ts';

export interface Notices {
  take(text: string, delaySeconds: number): void;
  /** Those that the edge has not taken. */
  waiting(): number;
  /** From now on they are brought to the edge at this address. */
  bringTo(edgeUrl: string): void;
  close(): Promise<void>;
}

interface Notice {
  readonly id: string;
  readonly body: unknown;
  attempts: number;
  dueMs: number;
}

/** As wrangler.toml has it. */
const noticesQueue = 'atlas-stand-ins';
const batchMax = 10;
const lookEveryMs = 50;

export function startNotices(): Notices {
  const notices: Notice[] = [];
  let edgeUrl: string | null = null;
  let closed = false;
  const bringing = (async () => {
    while (!closed) {
      // The edge may be away: what it did not answer for comes again.
      if (edgeUrl !== null) await bring(edgeUrl, notices).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  })();
  return {
    take(text, delaySeconds) {
      notices.push({ id: newId('req'), body: JSON.parse(text), attempts: 0, dueMs: Date.now() + delaySeconds * 1_000 });
    },
    waiting: () => notices.length,
    bringTo(url) {
      edgeUrl = url;
    },
    async close() {
      closed = true;
      await bringing;
    },
  };
}

/** Brings what is due; what the edge acks is gone, and the rest is due again when the edge says. */
async function bring(url: string, notices: Notice[]): Promise<void> {
  const due = notices.filter(({ dueMs }) => dueMs <= Date.now()).slice(0, batchMax);
  if (due.length === 0) return;
  for (const notice of due) notice.attempts += 1;
  const messages = due.map(({ id, attempts, body }) => ({ id, attempts, body }));
  const answer = await fetch(url + batchPath, {
    method: 'POST',
    body: JSON.stringify({ queue: noticesQueue, messages }),
  });
  const { acked, retried } = (await answer.json()) as BatchAnswer;
  const kept = notices.filter(({ id }) => !acked.includes(id));
  notices.splice(0, notices.length, ...kept);
  for (const { id, delaySeconds } of retried)
    for (const notice of kept) if (notice.id === id) notice.dueMs = Date.now() + delaySeconds * 1_000;
}
