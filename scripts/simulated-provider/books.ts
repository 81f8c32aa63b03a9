// What a simulated provider has been told and has paid, by idempotency key. One key never pays twice, a key with another body is
// refused, and a key that was asked about before it came is closed for good: "not found" is a promise.
// With a journal it survives being killed: a line is written before the answer that depends on it.

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import * as z from 'zod';

export const paymentSchema = z.strictObject({
  settlement_id: z.string().min(1).max(64),
  submission: z.number().int().min(1),
  /** Minor units, as text: a number of JSON would not hold them all. */
  amount_minor: z.string().regex(/^[1-9]\d{0,17}$/),
  currency: z.string().regex(/^[A-Z]{3}$/),
  account: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  reference: z.string().max(140),
  /** Whose it is, where the caller tells: its list says it again. */
  merchant_id: z.string().max(64).optional(),
});
export type PaymentOrder = z.infer<typeof paymentSchema>;

const returnSchema = z.object({
  return_reference: z.string(),
  amount_minor: z.string(),
  code: z.string(),
});

const entrySchema = z.object({
  idempotency_key: z.string(),
  provider_reference: z.string(),
  order: paymentSchema,
  state: z.enum(['pending', 'paid', 'rejected']),
  code: z.nullable(z.string()),
  /** What came back of a paid one. It stays paid. */
  returns: z.array(returnSchema).default([]),
  /** When it came, reached its end, or money of it came back, the newest of them. */
  changed_at_ms: z.number().int().default(0),
});
export type Entry = z.infer<typeof entrySchema>;

export type Taken =
  | { readonly kind: 'new' | 'repeat'; readonly entry: Entry }
  | { readonly kind: 'other_body' }
  | { readonly kind: 'closed' };

export interface Totals {
  readonly payments: number;
  readonly settlements: number;
  readonly pending: number;
  readonly rejected: number;
  readonly repeats: number;
  readonly closed_keys: number;
  /** Settlements with more than one payment: there must be none. */
  readonly paid_twice: readonly string[];
  readonly paid_minor: Readonly<Record<string, string>>;
}

const lineSchema = z.union([z.object({ entry: entrySchema }), z.object({ closed: z.string() })]);

/** Payments of one page of the list: a page stays below what the client takes of an answer. */
const listedMax = 50;

export class Books {
  readonly #entries = new Map<string, Entry>();
  readonly #closed = new Set<string>();
  readonly #journal: number | null;
  #repeats = 0;

  constructor(journalFile: string | null) {
    this.#journal = journalFile === null ? null : openSync(journalFile, 'a+');
    if (journalFile !== null) for (const line of wholeLines(readFileSync(journalFile, 'utf8'))) this.#replay(line);
  }

  /** `outcome`: what becomes of a new one. A repeat is answered with what the first one became. */
  take(idempotency_key: string, order: PaymentOrder, outcome: Pick<Entry, 'state' | 'code'>): Taken {
    if (this.#closed.has(idempotency_key)) return { kind: 'closed' };
    const known = this.#entries.get(idempotency_key);
    if (known !== undefined) {
      this.#repeats += 1;
      return isSameOrder(known.order, order) ? { kind: 'repeat', entry: known } : { kind: 'other_body' };
    }
    const provider_reference = `sim_${this.#entries.size + 1}_${idempotency_key}`;
    const entry = { idempotency_key, provider_reference, order, ...outcome, returns: [], changed_at_ms: Date.now() };
    this.#write({ entry });
    this.#entries.set(idempotency_key, entry);
    return { kind: 'new', entry };
  }

  /** What became of it; null closes the key: a submission that comes after this answer is refused. */
  ask(idempotency_key: string): Entry | null {
    const entry = this.#entries.get(idempotency_key);
    if (entry !== undefined) return entry;
    this.#close(idempotency_key);
    return null;
  }

  /** It never had it, whatever it says now. False where it has it already: what is in the books stays. */
  forget(idempotency_key: string): boolean {
    if (this.#entries.has(idempotency_key)) return false;
    this.#close(idempotency_key);
    return true;
  }

  /** A pending one comes to its end; what is at its end stays so. */
  finish(idempotency_key: string, outcome: { state: 'paid' } | { state: 'rejected'; code: string }): Entry | null {
    const entry = this.#entries.get(idempotency_key);
    if (entry?.state !== 'pending') return null;
    const code = outcome.state === 'rejected' ? outcome.code : null;
    const finished = { ...entry, state: outcome.state, code, changed_at_ms: Date.now() };
    this.#write({ entry: finished });
    this.#entries.set(idempotency_key, finished);
    return finished;
  }

  /** Money of a paid one comes back; null where it is not paid, or has less left. */
  returnOf(idempotency_key: string, amountMinor: bigint | null, code: string): Entry | null {
    const entry = this.#entries.get(idempotency_key);
    if (entry?.state !== 'paid') return null;
    const left = entry.returns.reduce((rest, one) => rest - BigInt(one.amount_minor), BigInt(entry.order.amount_minor));
    const amount = amountMinor ?? left;
    if (amount <= 0n || amount > left) return null;
    const return_reference = `ret_${entry.returns.length + 1}_${entry.provider_reference}`;
    const back = { return_reference, amount_minor: String(amount), code };
    const returned = { ...entry, returns: [...entry.returns, back], changed_at_ms: Date.now() };
    this.#write({ entry: returned });
    this.#entries.set(idempotency_key, returned);
    return returned;
  }

  /** What has changed since then, in the order in which it came, from the place `after` on: a page. */
  changedSince(sinceMs: number, after: number): { readonly entries: readonly Entry[]; readonly next: number | null } {
    const changed = [...this.#entries.values()].filter(({ changed_at_ms }) => changed_at_ms >= sinceMs);
    const next = after + listedMax;
    return { entries: changed.slice(after, next), next: next < changed.length ? next : null };
  }

  entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  totals(): Totals {
    const paidOf = new Map<string, number>();
    const sums = new Map<string, bigint>();
    const count = { payments: 0, pending: 0, rejected: 0 };
    for (const { state, order } of this.#entries.values()) {
      if (state !== 'paid') {
        count[state] += 1;
        continue;
      }
      count.payments += 1;
      paidOf.set(order.settlement_id, (paidOf.get(order.settlement_id) ?? 0) + 1);
      sums.set(order.currency, (sums.get(order.currency) ?? 0n) + BigInt(order.amount_minor));
    }
    return {
      ...count,
      settlements: paidOf.size,
      repeats: this.#repeats,
      closed_keys: this.#closed.size,
      paid_twice: [...paidOf].filter(([, times]) => times > 1).map(([settlement]) => settlement),
      paid_minor: Object.fromEntries([...sums].map(([currency, sum]) => [currency, String(sum)])),
    };
  }

  close(): void {
    if (this.#journal !== null) closeSync(this.#journal);
  }

  #close(idempotency_key: string): void {
    if (this.#closed.has(idempotency_key)) return;
    this.#write({ closed: idempotency_key });
    this.#closed.add(idempotency_key);
  }

  #write(line: z.infer<typeof lineSchema>): void {
    if (this.#journal !== null) writeSync(this.#journal, `${JSON.stringify(line)}\n`);
  }

  #replay(text: string): void {
    const line = lineSchema.parse(JSON.parse(text));
    if ('closed' in line) this.#closed.add(line.closed);
    else this.#entries.set(line.entry.idempotency_key, line.entry);
  }
}

/** A last line without its end was being written when it was killed: nobody has been answered by it. */
function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

function isSameOrder(left: PaymentOrder, right: PaymentOrder): boolean {
  return (
    left.settlement_id === right.settlement_id &&
    left.submission === right.submission &&
    left.amount_minor === right.amount_minor &&
    left.currency === right.currency &&
    left.account === right.account &&
    left.reference === right.reference &&
    left.merchant_id === right.merchant_id
  );
}
