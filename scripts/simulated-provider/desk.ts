// What a simulated provider does with submissions and inquiries: the faults decide how it answers, the books what is true.

import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { seededRandom } from '../seeded-random.ts';
import { type Books, type Entry, type PaymentOrder, paymentSchema, type Taken } from './books.ts';
import type { Confirmations } from './confirmations.ts';
import { drawInquiryFault, drawSubmissionFault, type Faults } from './faults.ts';
import { type Reply, readJson, says } from './http.ts';

const inquirySchema = z.strictObject({ idempotency_key: z.string().min(1).max(255) });

interface DeskOptions {
  readonly books: Books;
  readonly confirmations: Confirmations;
  readonly seed: number;
  readonly faults: Faults;
}

export class Desk {
  faults: Faults;
  readonly #books: Books;
  readonly #confirmations: Confirmations;
  /** One stream for each purpose: what is drawn for one must not depend on when the others are drawn. */
  readonly #random: Readonly<Record<'submissions' | 'inquiries' | 'latency' | 'ends', () => number>>;
  /** Lost with the process: what is pending is taken up again from the books. */
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor({ books, confirmations, seed, faults }: DeskOptions) {
    this.faults = faults;
    this.#books = books;
    this.#confirmations = confirmations;
    this.#random = {
      submissions: seededRandom(seed),
      inquiries: seededRandom(seed + 1),
      latency: seededRandom(seed + 2),
      ends: seededRandom(seed + 3),
    };
    for (const entry of books.entries()) if (entry.state === 'pending') this.#finishLater(entry);
  }

  async pay(request: IncomingMessage): Promise<Reply> {
    const fault = drawSubmissionFault(this.faults, this.#random.submissions);
    if (fault === 'reset_before') return 'cut';
    const order = paymentSchema.safeParse(await readJson(request));
    const key = request.headers['idempotency-key'];
    await this.#latency();
    if (fault === 'hang_before') return 'silence';
    if (fault === 'too_many') return says(429, { error_code: 'too_many_requests' });
    if (fault === 'error_before') return says(500, { error_code: 'internal_error' });
    if (typeof key !== 'string' || key === '' || key.length > 255)
      return says(400, { error_code: 'idempotency_key_missing' });
    if (!order.success) return says(422, { error_code: 'order_malformed' });
    if (fault === 'forgotten' && this.#books.forget(key)) {
      const { amount_minor, currency } = order.data;
      return says(202, { state: 'pending', provider_reference: `sim_lost_${key}`, amount_minor, currency });
    }
    const taken = this.#books.take(key, order.data, this.#outcomeOf(order.data, fault === 'rejected'));
    if (taken.kind === 'new' && taken.entry.state === 'pending') this.#finishLater(taken.entry);
    if (fault === 'hang_after') return 'silence';
    if (fault === 'error_after') return says(500, { error_code: 'internal_error' });
    if (fault === 'reset_after') return 'cut';
    return answerTaken(taken);
  }

  async inquire(request: IncomingMessage): Promise<Reply> {
    const fault = drawInquiryFault(this.faults, this.#random.inquiries);
    if (fault === 'reset') return 'cut';
    const asked = inquirySchema.safeParse(await readJson(request));
    await this.#latency();
    if (fault === 'hang') return 'silence';
    if (fault === 'too_many') return says(429, { error_code: 'too_many_requests' });
    if (fault === 'error') return says(500, { error_code: 'internal_error' });
    if (!asked.success) return says(422, { error_code: 'inquiry_malformed' });
    const entry = this.#books.ask(asked.data.idempotency_key);
    return says(200, entry === null ? { state: 'not_found' } : stateOf(entry));
  }

  /** All that has changed since then: it comes in pages, and is not faulty. */
  list({ searchParams }: URL): Promise<Reply> {
    const [sinceMs, after] = [Number(searchParams.get('since_ms')), Number(searchParams.get('after'))];
    if (!Number.isSafeInteger(sinceMs) || !Number.isSafeInteger(after) || after < 0)
      return Promise.resolve(says(422, { error_code: 'query_malformed' }));
    const { entries, next } = this.#books.changedSince(sinceMs, after);
    const payments = entries.map((entry) => ({ ...stateOf(entry), order: entry.order, returns: entry.returns }));
    return Promise.resolve(says(200, { payments, next }));
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #outcomeOf({ account }: PaymentOrder, rejected: boolean): Pick<Entry, 'state' | 'code'> {
    if (rejected) return { state: 'rejected', code: 'account_refused' };
    if (account.startsWith('closed')) return { state: 'rejected', code: 'account_closed' };
    return { state: this.faults.answers === 'paid' ? 'paid' : 'pending', code: null };
  }

  #finishLater({ idempotency_key }: Entry): void {
    this.#after(this.faults.confirm_after_ms, () => {
      const isRejected = this.#random.ends() < this.faults.rejected_later_rate;
      const outcome = isRejected ? { state: 'rejected' as const, code: 'account_closed' } : { state: 'paid' as const };
      const finished = this.#books.finish(idempotency_key, outcome);
      if (finished !== null) this.#confirmations.confirm(finished, this.faults);
    });
  }

  #latency(): Promise<void> {
    const { latency_ms_min: min, latency_ms_max: max } = this.faults;
    if (max === 0) return Promise.resolve();
    return new Promise((resolve) => this.#after(min + this.#random.latency() * Math.max(0, max - min), resolve));
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }
}

function answerTaken(taken: Taken): Reply {
  if (taken.kind === 'other_body') return says(409, { error_code: 'idempotency_key_reused' });
  if (taken.kind === 'closed') return says(409, { error_code: 'idempotency_key_closed' });
  const { entry } = taken;
  if (entry.state === 'rejected') return says(422, { error_code: entry.code });
  return says(entry.state === 'paid' ? 200 : 202, stateOf(entry));
}

function stateOf({ state, code, provider_reference, order }: Entry) {
  return { state, code, provider_reference, amount_minor: order.amount_minor, currency: order.currency };
}
