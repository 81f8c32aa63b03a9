// The simulated provider's client: a provider with faults on demand (scripts/simulated-provider.ts), for development, tests and
// load. Production refuses to be configured with it. To be asked about an unknown key closes it there, so "not found" is certain.

import { Webhook } from 'standardwebhooks';
import { Pool } from 'undici';
import * as z from 'zod';
import { Refusal } from '../../contracts/problem.ts';
import { secretsIn } from '../../contracts/secret-strength.ts';
import { webhookIdShape } from '../../contracts/webhook-id.ts';
import { isKeyRefused, type KeyWatch, showKey } from '../secrets/shown-key.ts';
import { traceHeaders } from '../tracing/spans.ts';
import { isNeverSent, notTaken, problemOf, providerCode, rejected, unknown } from './exchange.ts';
import type { AskAnswer, Provider, Submission, SubmitAnswer } from './provider.ts';
import { listSimulated } from './simulated-list.ts';
import { jsonOf, unreadWebhook } from './unread-webhook.ts';

export interface SimulatedOptions {
  /** Another one's, where there are two: `simulated_secondary`. */
  readonly name?: string;
  readonly url: string;
  /** Two with a space while it changes, the newest first. */
  readonly apiKey: string;
  readonly keyWatch?: KeyWatch | undefined;
  /** `whsec_…` of its confirmations; several while one replaces another. */
  readonly webhookSecrets: readonly string[];
  /** Bounds what it can be sent at once, besides the bulkhead in front of it. */
  readonly connectionsMax?: number;
}

const connectTimeoutMs = 5_000;
const answerBytesMax = 64 * 1024;

const destinationSchema = z.strictObject({
  account: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be 1 to 64 letters, digits and hyphens'),
});
const errorSchema = z.object({ error_code: z.string() });
const paymentFields = {
  provider_reference: z.string().min(1).max(255),
  amount_minor: z.string(),
  currency: z.string(),
};
const takenSchema = z.object({ state: z.enum(['paid', 'pending']), ...paymentFields });
const inquirySchema = z.discriminatedUnion('state', [
  z.object({ state: z.enum(['paid', 'pending']), ...paymentFields }),
  z.object({ state: z.literal('rejected'), code: z.nullable(z.string()) }),
  z.object({ state: z.literal('not_found') }),
]);
const wordSchema = z.object({
  type: z.string(),
  timestamp: z.nullish(z.string()),
  data: z.object({
    settlement_id: z.string().min(1),
    submission: z.optional(z.number().int().min(1)),
    provider_reference: z.string().min(1).max(255),
    code: z.nullish(z.string()),
    amount_minor: z.nullish(z.string()),
    currency: z.nullish(z.string()),
    /** Of a return alone. */
    return_reference: z.optional(z.string().min(1).max(255)),
  }),
});

const typedSchema = z.object({ type: z.string() });
const ofPaymentSchema = z.union([
  z.object({ type: z.string().check(z.startsWith('payment.')) }),
  z.object({ data: z.object({ settlement_id: z.string() }) }),
]);

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export function createSimulatedProvider(options: SimulatedOptions): Provider {
  const pool = new Pool(options.url, {
    connections: options.connectionsMax ?? 128,
    connect: { timeout: connectTimeoutMs },
    maxResponseSize: answerBytesMax,
  });
  const verifiers = options.webhookSecrets.map((secret) => new Webhook(secret));
  const withKey = showKey('SIMULATED_PROVIDER_KEY', secretsIn(options.apiKey), options.keyWatch);

  function post(path: string, body: unknown, signal: AbortSignal, more: Record<string, string> = {}): Promise<Answer> {
    const sendWith = async (key: string): Promise<Answer> => {
      const headers = {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        ...more,
        ...traceHeaders(),
      };
      const answer = await pool.request({ path, method: 'POST', headers, body: JSON.stringify(body), signal });
      return { status: answer.statusCode, body: parsed(await answer.body.text()) };
    };
    return withKey(sendWith, isKeyRefused);
  }

  function get(path: string, signal: AbortSignal): Promise<Answer> {
    const sendWith = async (key: string): Promise<Answer> => {
      const headers = { authorization: `Bearer ${key}`, ...traceHeaders() };
      const answer = await pool.request({ path, method: 'GET', headers, signal });
      return { status: answer.statusCode, body: parsed(await answer.body.text()) };
    };
    return withKey(sendWith, isKeyRefused);
  }

  return {
    name: options.name ?? 'simulated',
    async submit(submission, signal) {
      const destination = destinationSchema.safeParse(submission.destination);
      if (!destination.success) return rejected('destination_refused');
      if (signal.aborted) return notTaken('cancelled');
      const order = { ...orderOf(submission), account: destination.data.account };
      try {
        const key = { 'idempotency-key': submission.idempotency_key };
        return readSubmitAnswer(await post('/v1/payments', order, signal, key), submission);
      } catch (error) {
        return isNeverSent(error) ? notTaken('no_connection') : unknown('no_answer');
      }
    },
    async ask(submission, _providerReference, signal) {
      try {
        const asked = { idempotency_key: submission.idempotency_key };
        return readAskAnswer(await post('/v1/inquiries', asked, signal), submission);
      } catch {
        return unknown('no_answer');
      }
    },
    readWebhook: (given, body) => readWord(verifiers, given, body),
    problemOfDestination(destination) {
      const read = destinationSchema.safeParse(destination);
      return read.success ? null : problemOf(read.error);
    },
    amounts: () => ({ unit_minor: 1n, min_minor: 1n, max_minor: amountMinorMax }),
    listSince: (since, signal) =>
      listSimulated(async (path) => {
        const { status, body } = await get(path, signal);
        if (status !== 200) throw new Error(`its list answered ${status}`);
        return body;
      }, since),
    close: () => pool.destroy(),
  };
}

/** Its orders have 18 digits. */
const amountMinorMax = 10n ** 18n - 1n;

function orderOf({ settlement_id, merchant_id, submission, amount_minor, currency, reference }: Submission) {
  return { settlement_id, merchant_id, submission, amount_minor: String(amount_minor), currency, reference };
}

/** A 5xx tells nothing: it may have come before the payment or after it. */
function readSubmitAnswer({ status, body }: Answer, submission: Submission): SubmitAnswer {
  const error_code = errorSchema.safeParse(body).data?.error_code;
  if (status === 200 || status === 202) {
    const taken = takenSchema.safeParse(body);
    if (!taken.success) return unknown('answer_malformed');
    if (differs(taken.data, submission)) return unknown('answer_differs');
    return {
      outcome: taken.data.state === 'paid' ? 'paid' : 'accepted',
      provider_reference: taken.data.provider_reference,
    };
  }
  if (status === 429) return notTaken('too_many_requests');
  if (status === 401 || status === 403) return notTaken('credentials_refused');
  // Closed by our own question: it was not paid before, and is not taken now.
  if (status === 409 && error_code === 'idempotency_key_closed') return notTaken('key_closed');
  // Another order has this key: whether ours was paid is for a person.
  if (status === 409) return unknown('idempotency_key_reused');
  if (status >= 400 && status < 500) return rejected(providerCode(error_code));
  return unknown(`status_${status}`);
}

function readAskAnswer({ status, body }: Answer, submission: Submission): AskAnswer {
  if (status !== 200) return unknown(`status_${status}`);
  const read = inquirySchema.safeParse(body);
  if (!read.success) return unknown('answer_malformed');
  if (read.data.state === 'not_found') return { outcome: 'not_found' };
  if (read.data.state === 'rejected') return rejected(providerCode(read.data.code));
  if (differs(read.data, submission)) return unknown('answer_differs');
  return { outcome: read.data.state, provider_reference: read.data.provider_reference };
}

/** What it says that it pays is not what it was told to pay. */
function differs(said: { amount_minor: string; currency: string }, { amount_minor, currency }: Submission): boolean {
  return said.amount_minor !== String(amount_minor) || said.currency !== currency;
}

function readWord(verifiers: readonly Webhook[], given: Headers, body: string): ReturnType<Provider['readWebhook']> {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const signed = Object.fromEntries(names.map((name) => [name, given.get(name) ?? '']));
  const isNamed = webhookIdShape.test(signed['webhook-id'] ?? '');
  if (!isNamed || !verifiers.some((verifier) => isSignedBy(verifier, body, signed)))
    throw new Refusal(401, 'signature_wrong', 'The signature is missing, wrong, or older than five minutes.');
  const json = jsonOf(body);
  return json.outcome === 'json' ? wordOf(signed['webhook-id'] ?? '', json.value) : json;
}

/** All payments there are ours: what cannot be read of one is for a person. Null: it speaks of something else. */
function wordOf(webhook_id: string, body: unknown): ReturnType<Provider['readWebhook']> {
  const read = wordSchema.safeParse(body);
  if (!read.success && !ofPaymentSchema.safeParse(body).success)
    return typedSchema.safeParse(body).success ? null : unreadWebhook(body, null, 'has no type');
  if (!read.success)
    return {
      ...{ webhook_id, settlement_id: settlementIn(body), provider_reference: webhook_id, outcome: 'unclear' },
      ...{ kind: 'provider_contradiction', amount_minor: null, currency: null, code: null },
      summary: `The simulated provider sent what cannot be read: ${problemOf(read.error)}.`,
    };
  const { type, timestamp, data } = read.data;
  const { settlement_id, submission, provider_reference, code, amount_minor = null, currency = null } = data;
  const occurredAtMs = Date.parse(timestamp ?? '');
  const about = {
    ...{ webhook_id, settlement_id, provider_reference, amount_minor, currency },
    ...(submission === undefined ? {} : { submission }),
    occurred_at_ms: Number.isNaN(occurredAtMs) ? null : occurredAtMs,
  };
  switch (type) {
    case 'payment.paid':
      return { ...about, outcome: 'paid', code: null };
    case 'payment.rejected':
      return { ...about, outcome: 'rejected', code: providerCode(code) };
    case 'payment.returned': {
      const reference = data.return_reference ?? webhook_id;
      return { ...about, outcome: 'returned', provider_reference: reference, code: providerCode(code) };
    }
    default: {
      const summary = `The simulated provider says "${type}" of a payment of ours, which we do not know.`;
      return { ...about, outcome: 'unclear', kind: 'provider_contradiction', summary, code: providerCode(code) };
    }
  }
}

function settlementIn(body: unknown): string {
  const found = z.object({ data: z.object({ settlement_id: z.string() }) }).safeParse(body);
  return found.success ? found.data.data.settlement_id : 'none';
}

function isSignedBy(verifier: Webhook, body: string, signed: Record<string, string>): boolean {
  try {
    verifier.verify(body, signed, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
