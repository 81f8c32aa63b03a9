// A k6 script: one load of I8, settlements asked for or read at a fixed rate, every answer checked.
// load/objectives-run.ts starts it, once for each load, and says in the environment which.

import { check } from 'k6';
import execution from 'k6/execution';
import http, { type RefinedResponse, type ResponseType } from 'k6/http';
import { Counter } from 'k6/metrics';
import type { Options } from 'k6/options';
import { type Merchant, merchantsOf } from './program-merchants.ts';
import { type Expected, wrongWith } from './wrong-with.ts';

const url = `${__ENV['ORIGIN_URL'] ?? 'http://127.0.0.1:8788'}/settlements`;
/** Keeps the idempotency keys of two loads apart. */
const run = __ENV['RUN'] ?? `${Date.now()}`;

interface ReadMerchant extends Merchant {
  /** One to read. */
  readonly settlement_id: string;
}
/** Written by load/objectives-run.ts. */
const merchants = merchantsOf<ReadMerchant>();

const created = new Counter('settlements_created');

export const options: Options = {
  scenarios: {
    load: {
      ...{ executor: 'constant-arrival-rate', exec: __ENV['ASK'] ?? 'create', rate: Number(__ENV['RATE'] ?? 500) },
      // What is under way at the end is waited for: a request that is cut off may be stored all the same.
      ...{ timeUnit: '1s', duration: `${__ENV['SECONDS'] ?? 20}s`, gracefulStop: '60s' },
      ...{ preAllocatedVUs: 200, maxVUs: 1_000 },
    },
  },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

function merchant(): ReadMerchant {
  const found = merchants[execution.scenario.iterationInTest % merchants.length];
  if (found === undefined) throw new Error('no merchants');
  return found;
}

function isRight({ status, body }: RefinedResponse<ResponseType>, expected: Expected): boolean {
  const answer = { status, body: typeof body === 'string' ? body : null };
  return check(answer, { 'what was asked for': (one) => wrongWith(one, expected) === null });
}

export function create(): void {
  const { merchant_id, api_key } = merchant();
  const number = execution.scenario.iterationInTest;
  const asked = { merchant_id, amount_minor: 1 + (number % 500), currency: 'USD', reference: run };
  const headers = {
    authorization: `Bearer ${api_key}`,
    'content-type': 'application/json',
    'idempotency-key': `objectives-${run}-${number}`,
  };
  const answer = http.post(url, JSON.stringify(asked), { headers, tags: { name: 'create' } });
  if (isRight(answer, { status: 201, members: asked })) created.add(1);
}

export function read(): void {
  const { api_key, merchant_id, settlement_id } = merchant();
  const headers = { authorization: `Bearer ${api_key}` };
  const answer = http.get(`${url}/${settlement_id}`, { headers, tags: { name: 'read' } });
  isRight(answer, { status: 200, members: { settlement_id, merchant_id } });
}
