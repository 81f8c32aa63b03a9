// Stripe: a transfer to a connected account, or a payout to a bank account or debit card, by the official SDK. Idempotency keys
// are the submissions' own, and the SDK retries nothing. Stripe may report a payout as paid and as failed days later.
// It looks for a submission where its destination says: a settlement keeps the destination it was sent to until it is final.

import { AsyncLocalStorage } from 'node:async_hooks';
import Stripe from 'stripe';
import { Agent, fetch as boundedFetch, Response as HeardResponse } from 'undici';
import * as z from 'zod';
import { secretsIn } from '../../contracts/secret-strength.ts';
import { isKeyRefused, type KeyWatch, refusesKey, type ShowKey, showKey } from '../secrets/shown-key.ts';
import { traceHeaders } from '../tracing/spans.ts';
import { problemOf, providerCode, rejected, unknown } from './exchange.ts';
import { timeouts } from './guarded.ts';
import type { AskAnswer, Provider, Submission, SubmitAnswer } from './provider.ts';
import { stripeAmount, stripeAmounts } from './stripe-amount.ts';
import { answerOfFailure } from './stripe-failure.ts';
import { listStripe } from './stripe-list.ts';
import { readStripeWebhook } from './stripe-webhook.ts';

export interface StripeOptions {
  /** Two with a space while it changes, the newest first; both of one account. */
  readonly apiKey: string;
  readonly keyWatch?: KeyWatch | undefined;
  /** `whsec_…` of its endpoints: our own and that of connected accounts, and both of a rotation. */
  readonly webhookSecrets: readonly string[];
  /** Another server than Stripe's, for tests. */
  readonly url?: string;
  /** How long it is waited, after sending or the first question, until "not listed" means "never taken". */
  readonly quietMs?: number;
}

/**
 * Stripe ends a request within 80 s (its libraries' own timeout); lists may lag behind. After this, what is not listed is
 * not on its way either.
 */
const quietMsDefault = 300_000;
const connectTimeoutMs = 5_000;
const answerBytesMax = 4 * 1024 * 1024;
/** Of one hundred each. More payouts than this to one bank account since the one that is looked for: a person has to look. */
const pagesMax = 10;
const rememberedMax = 20_000;

const destinationSchema = z
  .strictObject({
    account: z
      .string()
      .regex(/^acct_[A-Za-z0-9]{1,64}$/, 'must be a connected account, acct_…')
      .optional(),
    external_account: z
      .string()
      .regex(/^(?:ba|card)_[A-Za-z0-9]{1,64}$/, 'must be a bank account or card at Stripe, ba_… or card_…')
      .optional(),
  })
  .refine(({ account, external_account }) => account !== undefined || external_account !== undefined, {
    error: 'needs an account, acct_…, an external_account, ba_… or card_…, or both',
  });

type Moved = Stripe.Transfer | Stripe.Payout;

/** Where it goes, and which of Stripe's objects moves it there. */
type Route =
  | { readonly kind: 'transfer'; readonly account: string }
  /** From our own balance, or from that of the connected account. */
  | { readonly kind: 'payout'; readonly external_account: string; readonly on: Stripe.RequestOptions };

export function createStripeProvider(options: StripeOptions): Provider {
  const dispatcher = new Agent({
    connect: { timeout: connectTimeoutMs },
    maxResponseSize: answerBytesMax,
    connections: 64,
  });
  const callers = new AsyncLocalStorage<AbortSignal>();
  const keys = secretsIn(options.apiKey);
  const withKey = showKey('STRIPE_API_KEY', keys, options.keyWatch);
  const stripe = new Stripe(keys[0] ?? '', {
    // Retries are the engine's: it alone knows what is certain.
    maxNetworkRetries: 0,
    timeout: timeouts.providerCallMs,
    telemetry: false,
    // Not the SDK's own client for Node: that one sends again, once, after a reset connection, and then reports only how the
    // second sending failed. "Connection refused" would look as if nothing had been sent.
    httpClient: Stripe.createFetchHttpClient(fetchThrough(dispatcher, callers, withKey)),
    ...(options.url === undefined ? {} : hostOf(options.url)),
  });
  const desk = new StripeDesk(stripe, options.quietMs ?? quietMsDefault);
  return {
    name: 'stripe',
    submit: (submission, signal) => callers.run(signal, () => desk.submit(submission)),
    ask: (submission, reference, signal) => callers.run(signal, () => desk.ask(submission, reference)),
    readWebhook: (headers, body) => readStripeWebhook(stripe, options.webhookSecrets, headers, body),
    problemOfDestination(destination) {
      const read = destinationSchema.safeParse(destination);
      return read.success ? null : problemOf(read.error);
    },
    amounts(currency, destination) {
      const route = routeOf(destination);
      return route === null ? null : stripeAmounts(currency, route.kind);
    },
    listSince: (since, signal) =>
      callers.run(signal, () => listStripe(stripe, since, (moved) => stateOf(moved).outcome)),
    close: () => dispatcher.destroy(),
  };
}

class StripeDesk {
  readonly #stripe: Stripe;
  readonly #quietMs: number;
  /** When a key was last sent, or first asked about, by this process. Lost with it: an answer comes later, and is no less true. */
  readonly #heardAtMs = new Map<string, number>();

  constructor(stripe: Stripe, quietMs: number) {
    this.#stripe = stripe;
    this.#quietMs = quietMs;
  }

  async submit(submission: Submission): Promise<SubmitAnswer> {
    const route = routeOf(submission.destination);
    if (route === null) return rejected('destination_refused');
    const amount = stripeAmount(submission.amount_minor, submission.currency, route.kind);
    if (amount === null) return rejected('provider_amount_not_offered');
    this.#remember(submission.idempotency_key);
    try {
      const moved = await this.#create(route, submission, amount);
      return isOther(moved, submission, amount) ? unknown('answer_differs') : submitAnswer(stateOf(moved));
    } catch (error) {
      return answerOfFailure(error);
    }
  }

  async ask(submission: Submission, reference: string | null): Promise<AskAnswer> {
    const route = routeOf(submission.destination);
    const amount = route === null ? null : stripeAmount(submission.amount_minor, submission.currency, route.kind);
    // Such a one is never sent: the destination is another than it was, and where to look is not known any more.
    if (route === null || amount === null) return unknown('destination_changed');
    try {
      const moved = await (reference === null ? this.#find(route, submission) : this.#retrieve(route, reference));
      if (moved === 'too_many') return unknown('too_many_to_search');
      if (moved === null) return this.#notListed(submission.idempotency_key);
      this.#heardAtMs.delete(submission.idempotency_key);
      const isOurs = moved.metadata?.['idempotency_key'] === submission.idempotency_key;
      return !isOurs || isOther(moved, submission, amount) ? unknown('answer_differs') : stateOf(moved);
    } catch (error) {
      const answer = answerOfFailure(error);
      return unknown('code' in answer ? answer.code : 'answer_malformed');
    }
  }

  #create(route: Route, submission: Submission, amount: number): Promise<Moved> {
    const { settlement_id, merchant_id, idempotency_key: idempotencyKey, reference } = submission;
    const own = { settlement_id, submission: String(submission.submission), idempotency_key: idempotencyKey };
    const metadata = { ...own, merchant_id };
    const order = {
      amount,
      currency: submission.currency.toLowerCase(),
      metadata,
      ...(reference === '' ? {} : { description: reference }),
    };
    if (route.kind === 'transfer')
      return this.#stripe.transfers.create(
        { ...order, destination: route.account, transfer_group: settlement_id },
        { idempotencyKey },
      );
    // What banks show of it: Stripe takes 22 plain characters, and a longer one is better left out than cut.
    const shown = /^[A-Za-z0-9 .-]{1,22}$/.test(reference) ? { statement_descriptor: reference } : {};
    return this.#stripe.payouts.create(
      { ...order, destination: route.external_account, ...shown },
      { idempotencyKey, ...route.on },
    );
  }

  #retrieve(route: Route, reference: string): Promise<Moved> {
    return route.kind === 'transfer'
      ? this.#stripe.transfers.retrieve(reference)
      : this.#stripe.payouts.retrieve(reference, {}, route.on);
  }

  /** By our own words on it: Stripe cannot look for metadata here, so that its lists are read. Null: it is not listed. */
  async #find(route: Route, submission: Submission): Promise<Moved | 'too_many' | null> {
    let after: { starting_after?: string } = {};
    for (let page = 0; page < pagesMax; page += 1) {
      const { data, has_more } = await (route.kind === 'transfer'
        ? this.#stripe.transfers.list({ transfer_group: submission.settlement_id, limit: 100, ...after })
        : this.#stripe.payouts.list({ destination: route.external_account, limit: 100, ...after }, route.on));
      const found = data.find(({ metadata }) => metadata?.['idempotency_key'] === submission.idempotency_key);
      if (found !== undefined) return found;
      const last = data.at(-1);
      if (!has_more || last === undefined) return null;
      after = { starting_after: last.id };
    }
    return 'too_many';
  }

  #notListed(key: string): AskAnswer {
    const heardAtMs = this.#heardAtMs.get(key);
    if (heardAtMs === undefined) this.#remember(key);
    if (heardAtMs === undefined || performance.now() - heardAtMs < this.#quietMs) return unknown('not_seen_yet');
    return { outcome: 'not_found' };
  }

  #remember(key: string): void {
    this.#heardAtMs.delete(key);
    this.#heardAtMs.set(key, performance.now());
    // The oldest goes: asked about again, it is waited for once more.
    for (const oldest of this.#heardAtMs.keys()) {
      if (this.#heardAtMs.size <= rememberedMax) break;
      this.#heardAtMs.delete(oldest);
    }
  }
}

function routeOf(destination: unknown): Route | null {
  const read = destinationSchema.safeParse(destination);
  if (!read.success) return null;
  const { account, external_account } = read.data;
  if (external_account !== undefined)
    return { kind: 'payout', external_account, on: account === undefined ? {} : { stripeAccount: account } };
  return account === undefined ? null : { kind: 'transfer', account };
}

type MovedState = Extract<AskAnswer, { outcome: 'paid' | 'pending' | 'rejected' }>;

/** A transfer has no way to go: it is in the account's balance when it exists. One that was reversed as a whole is not paid. */
function stateOf(moved: Moved): MovedState {
  const provider_reference = moved.id;
  if (moved.object === 'transfer')
    return moved.reversed ? rejected('provider_transfer_reversed') : { outcome: 'paid', provider_reference };
  switch (moved.status) {
    case 'paid':
      return { outcome: 'paid', provider_reference };
    case 'failed':
      return rejected(providerCode(moved.failure_code ?? 'payout_failed'));
    case 'canceled':
      return rejected('provider_payout_canceled');
    default:
      return { outcome: 'pending', provider_reference };
  }
}

function submitAnswer(state: MovedState): SubmitAnswer {
  return state.outcome === 'pending' ? { ...state, outcome: 'accepted' } : state;
}

/** What it says that it moved is not what it was told to move. */
function isOther({ amount, currency }: Moved, submission: Submission, told: number): boolean {
  return amount !== told || currency.toUpperCase() !== submission.currency;
}

function hostOf(url: string): { host: string; port: string; protocol: 'http' | 'https' } {
  const { hostname: host, port, protocol } = new URL(url);
  return {
    host,
    port: port || (protocol === 'http:' ? '80' : '443'),
    protocol: protocol === 'http:' ? 'http' : 'https',
  };
}

/**
 * Bounded connections and answers, no redirects, and ended with the caller's signal, for which the SDK has no parameter. Keys are
 * exchanged here, below the SDK, where the status itself says that Stripe has begun nothing.
 */
function fetchThrough(
  dispatcher: Agent,
  callers: AsyncLocalStorage<AbortSignal>,
  withKey: ShowKey<string>,
): typeof fetch {
  const through = (
    url: string,
    init: { signal?: AbortSignal | null; headers?: ConstructorParameters<typeof Headers>[0] },
  ) => {
    const signals = [init.signal, callers.getStore()].filter((signal) => signal instanceof AbortSignal);
    const headers = new Headers(init.headers);
    for (const [name, value] of Object.entries(traceHeaders())) headers.set(name, value);
    const sendWith = async (key: string) => {
      headers.set('authorization', `Bearer ${key}`);
      const answer = await boundedFetch(url, {
        ...init,
        headers: Object.fromEntries(headers),
        dispatcher,
        redirect: 'manual',
        signal: AbortSignal.any(signals),
      });
      if (!refusesKey(answer.status)) return answer;
      // Read to its end, since it may be put aside for another: what is left unread keeps a connection.
      return new HeardResponse(await answer.text(), { status: answer.status, headers: answer.headers });
    };
    return withKey(sendWith, isKeyRefused);
  };
  // undici's own types of fetch are not those of Node's global one, though it is the same.
  return through as unknown as typeof fetch;
}
