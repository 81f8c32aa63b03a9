// The provider's own word: Standard Webhooks to one URL, with what can go wrong on the way. A confirmation that is not answered
// with 2xx is sent again, as providers do; one that is lost by a fault never is.

import { Webhook } from 'standardwebhooks';
import { Pool } from 'undici';
import type { Entry } from './books.ts';
import type { Faults } from './faults.ts';

/** Waits before the next attempt; after the last one the caller has to ask. */
const retryAfterMs = [200, 1_000, 5_000, 30_000] as const;
/** Connections to the one URL that is told. */
const connections = 16;

export interface ConfirmationCounts {
  sent: number;
  duplicated: number;
  late: number;
  lost: number;
  /** Attempts that were not answered with 2xx. */
  refused: number;
}

export interface Confirmations {
  readonly counts: ConfirmationCounts;
  confirm(entry: Entry, faults: Faults): void;
  /** That money came back: by a message of its own, or as `payment.rejected` after `payment.paid`, as some providers put it. */
  tellReturn(entry: Entry, as: 'returned' | 'rejected'): void;
  close(): Promise<void>;
}

interface Options {
  /** Null: it tells nobody. */
  readonly callbackUrl: string | null;
  readonly secret: string;
  readonly random: () => number;
}

export function createConfirmations({ callbackUrl, secret, random }: Options): Confirmations {
  const target = callbackUrl === null ? null : new URL(callbackUrl);
  const pool = target === null ? null : new Pool(target.origin, { connections, headersTimeout: 30_000 });
  const signer = new Webhook(secret);
  const timers = new Set<NodeJS.Timeout>();
  const counts: ConfirmationCounts = { sent: 0, duplicated: 0, late: 0, lost: 0, refused: 0 };

  function after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  }

  async function send(id: string, body: string, attempt = 0): Promise<void> {
    if (pool === null || target === null) return;
    const at = new Date();
    counts.sent += 1;
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': signer.sign(id, at, body),
    };
    const status = await pool
      .request({ path: target.pathname + target.search, method: 'POST', headers, body })
      .then(async (answer) => {
        await answer.body.dump();
        return answer.statusCode;
      })
      .catch(() => 0);
    if (status >= 200 && status < 300) return;
    counts.refused += 1;
    const wait = retryAfterMs[attempt];
    if (wait !== undefined) after(wait, () => void send(id, body, attempt + 1));
  }

  return {
    counts,
    confirm(entry, faults) {
      if (pool === null) return;
      if (random() < faults.confirmation_lost_rate) {
        counts.lost += 1;
        return;
      }
      const id = `whk_${entry.idempotency_key}_${entry.state}`;
      const body = confirmationBody(entry);
      const isLate = random() < faults.confirmation_late_rate;
      if (isLate) counts.late += 1;
      const isDuplicated = random() < faults.confirmation_duplicated_rate;
      if (isDuplicated) counts.duplicated += 1;
      const sendAll = () => {
        void send(id, body);
        if (isDuplicated) void send(id, body);
      };
      if (isLate) after(faults.confirmation_late_ms, sendAll);
      else sendAll();
    },
    tellReturn(entry, as) {
      const told = returnBody(entry, as);
      if (told !== null) void send(told.id, told.body);
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await pool?.destroy();
    },
  };
}

function confirmationBody(entry: Entry): string {
  const type = entry.state === 'paid' ? 'payment.paid' : 'payment.rejected';
  return bodyOf(entry, type, { code: entry.code });
}

/** The newest of its returns. */
function returnBody(entry: Entry, as: 'returned' | 'rejected'): { id: string; body: string } | null {
  const back = entry.returns.at(-1);
  if (back === undefined) return null;
  const body =
    as === 'rejected'
      ? bodyOf(entry, 'payment.rejected', { code: back.code })
      : bodyOf(entry, 'payment.returned', { ...back });
  return { id: `whk_${back.return_reference}_${as}`, body };
}

function bodyOf({ idempotency_key, provider_reference, order }: Entry, type: string, more: object): string {
  const { settlement_id, submission, amount_minor, currency } = order;
  return JSON.stringify({
    type,
    timestamp: new Date().toISOString(),
    data: { settlement_id, submission, idempotency_key, provider_reference, amount_minor, currency, ...more },
  });
}
