// Stripe's side of transfers and payouts for tests, from its documentation alone: idempotency keys that replay the first answer
// (errors that came after it began included), refuse other parameters and concurrent use, and answers that get lost. stripe-mock
// has none of that. Not used by the service.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';

/** Of the next request. `before`: nothing was moved; `after`: it was, and the caller does not learn it. */
export type StripeFault =
  | 'none'
  | 'rate_limit'
  | 'lock_timeout'
  | 'authentication'
  | 'permission'
  | 'account_invalid'
  | 'invalid'
  | 'card_error'
  | 'balance'
  | 'in_use'
  | 'error_before'
  | 'error_after'
  | 'unavailable'
  | 'reset_before'
  | 'reset_after'
  | 'hang_before'
  | 'hang_after'
  | 'not_json';

export interface Moved {
  readonly id: string;
  readonly object: 'transfer' | 'payout';
  readonly amount: number;
  readonly currency: string;
  readonly destination: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly transfer_group: string | null;
  status: string;
  failure_code: string | null;
  reversed: boolean;
  /** Of the Stripe-Account header; null for the platform's own. */
  readonly account: string | null;
  /** Seconds. */
  readonly created: number;
  readonly description: string | null;
}

export interface StandInStripe {
  readonly url: string;
  readonly moved: Moved[];
  /** Of the next requests, in order. */
  readonly faults: StripeFault[];
  /** As `POST /v1/transfers key`. */
  readonly calls: string[];
  /** Status of new payouts. */
  payoutStatus: string;
  /** Connected accounts, and events that are listed: of the platform (''), or of an account. */
  readonly accounts: string[];
  readonly events: {
    readonly account: string;
    readonly id: string;
    readonly created: number;
    readonly type: string;
    readonly data: object;
  }[];
  /** Transfers and payouts a page. */
  pageSize: number;
  /** An event as Stripe signs it. */
  event(type: string, object: { readonly id: string }, secret: string, at?: Date): { headers: Headers; body: string };
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const errorAnswers: Partial<Record<StripeFault, Answer>> = {
  rate_limit: failure(429, { type: 'invalid_request_error', code: 'rate_limit' }),
  lock_timeout: failure(429, { type: 'invalid_request_error', code: 'lock_timeout' }),
  authentication: failure(401, { type: 'invalid_request_error' }),
  permission: failure(403, { type: 'invalid_request_error', code: 'more_permissions_required' }),
  account_invalid: failure(403, { type: 'invalid_request_error', code: 'account_invalid' }),
  invalid: failure(400, { type: 'invalid_request_error', code: 'payouts_not_allowed' }),
  card_error: failure(402, { type: 'card_error', code: 'card_declined' }),
  balance: failure(400, { type: 'invalid_request_error', code: 'balance_insufficient' }),
  in_use: failure(409, { type: 'idempotency_error', code: 'idempotency_key_in_use' }),
  error_before: failure(500, { type: 'api_error' }),
  unavailable: failure(503, { type: 'api_error' }),
};

function failure(status: number, error: Readonly<Record<string, string>>): Answer {
  return {
    status,
    body: { error: { ...error, message: `a fault of the stand-in: ${error['code'] ?? error['type']}` } },
  };
}

export async function startStandInStripe(): Promise<StandInStripe> {
  const stripe = new StripeBooks();
  const server = createServer((request, response) => void stripe.serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const signer = new Stripe('sk_test_signer');
  return Object.assign(stripe, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    event(type: string, object: { readonly id: string }, secret: string, at = new Date()) {
      const timestamp = Math.floor(at.getTime() / 1_000);
      const event = { id: `evt_${type}_${object.id}`, object: 'event', created: timestamp, type, data: { object } };
      const body = JSON.stringify(event);
      const signature = signer.webhooks.generateTestHeaderString({ payload: body, secret, timestamp });
      return { headers: new Headers({ 'stripe-signature': signature }), body };
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

class StripeBooks {
  readonly moved: Moved[] = [];
  readonly faults: StripeFault[] = [];
  readonly calls: string[] = [];
  readonly accounts: string[] = [];
  readonly events: StandInStripe['events'] = [];
  payoutStatus = 'pending';
  pageSize = 100;
  readonly #answers = new Map<string, { readonly parameters: string; readonly answer: Answer }>();

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.faults.shift() ?? 'none';
    if (fault === 'reset_before') return void request.socket.resetAndDestroy();
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const url = new URL(request.url ?? '/', 'http://stripe');
    const key = `${request.headers['idempotency-key'] ?? ''}`;
    this.calls.push(`${request.method} ${url.pathname} ${key}`.trim());
    if (fault === 'hang_before') return;
    const refused = errorAnswers[fault];
    const answer = refused ?? this.#answer(request, url, Buffer.concat(chunks).toString(), fault === 'error_after');
    // What came of a request that was begun is what its key answers for ever, an error of Stripe's own too.
    if (fault === 'error_before') this.#answers.set(key, { parameters: Buffer.concat(chunks).toString(), answer });
    if (fault === 'hang_after') return;
    if (fault === 'reset_after') return void request.socket.resetAndDestroy();
    response.writeHead(answer.status, { 'content-type': 'application/json', 'request-id': 'req_test' });
    response.end(fault === 'not_json' ? '<html>' : JSON.stringify(answer.body));
  }

  #answer(request: IncomingMessage, url: URL, body: string, breaks: boolean): Answer {
    const account = request.headers['stripe-account'] ?? null;
    const [, , collection = '', id] = url.pathname.split('/');
    const object = collection === 'transfers' ? 'transfer' : 'payout';
    if (request.method === 'POST')
      return this.#create(object, `${request.headers['idempotency-key']}`, body, `${account ?? ''}`, breaks);
    if (collection === 'accounts')
      return this.#page(
        url,
        this.accounts.map((one) => ({ id: one })),
      );
    if (collection === 'events')
      return this.#page(
        url,
        this.events.filter((event) => event.account === (account ?? '')),
      );
    const own = this.moved.filter((moved) => moved.object === object && moved.account === account);
    if (id !== undefined) {
      const found = own.find((moved) => moved.id === id);
      return found === undefined
        ? failure(404, { type: 'invalid_request_error', code: 'resource_missing' })
        : { status: 200, body: found };
    }
    const asked = (name: string) => url.searchParams.get(name);
    const newestFirst = own
      .filter(({ transfer_group }) => asked('transfer_group') === null || transfer_group === asked('transfer_group'))
      .filter(({ destination }) => asked('destination') === null || destination === asked('destination'))
      .filter((one) => one.created >= Number(asked('created[gte]') ?? 0))
      .reverse();
    return this.#page(url, newestFirst);
  }

  #page(url: URL, all: readonly { readonly id: string }[]): Answer {
    const from = all.findIndex(({ id }) => id === url.searchParams.get('starting_after')) + 1;
    const data = all.slice(from, from + this.pageSize);
    return {
      status: 200,
      body: { object: 'list', url: url.pathname, data, has_more: from + data.length < all.length },
    };
  }

  #create(object: Moved['object'], key: string, parameters: string, account: string, breaks: boolean): Answer {
    const known = this.#answers.get(key);
    if (known !== undefined)
      return known.parameters === parameters ? known.answer : failure(400, { type: 'idempotency_error' });
    const given = new URLSearchParams(parameters);
    const metadata = [...given].flatMap(([name, value]) => {
      const inner = /^metadata\[(.+)\]$/.exec(name)?.[1];
      return inner === undefined ? [] : [[inner, value] as const];
    });
    const moved: Moved = {
      id: `${object === 'transfer' ? 'tr' : 'po'}_${this.moved.length + 1}`,
      object,
      amount: Number(given.get('amount')),
      currency: `${given.get('currency')}`,
      destination: `${given.get('destination')}`,
      metadata: Object.fromEntries(metadata),
      transfer_group: given.get('transfer_group'),
      status: this.payoutStatus,
      failure_code: null,
      reversed: false,
      account: account === '' ? null : account,
      created: Math.floor(Date.now() / 1_000),
      description: given.get('description'),
    };
    this.moved.push(moved);
    const answer = breaks ? failure(500, { type: 'api_error' }) : { status: 200, body: structuredClone(moved) };
    this.#answers.set(key, { parameters, answer });
    return answer;
  }
}
