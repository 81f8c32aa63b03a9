// A k6 script: the load of I8, one after the other: settlements asked for at 500 a second, settlements read at 1,000 a second, and
// 400 users who ask without a pause. load/objectives-run.ts starts it and says in the environment where and how.

import execution from 'k6/execution';
import http from 'k6/http';
import type { Options } from 'k6/options';
import { type Merchant, merchantsOf } from './program-merchants.ts';

const seconds = Number(__ENV['SECONDS'] ?? 20);
const url = `${__ENV['ORIGIN_URL'] ?? 'http://127.0.0.1:8788'}/settlements`;
/** Keeps the idempotency keys of two runs apart. */
const run = __ENV['RUN'] ?? `${Date.now()}`;

interface ReadMerchant extends Merchant {
  /** One to read. */
  readonly settlement_id: string;
}
/** Written by load/objectives-run.ts. */
const merchants = merchantsOf<ReadMerchant>();

const atRate = (exec: string, rate: number, startS: number) => ({
  ...{ executor: 'constant-arrival-rate' as const, exec, rate, timeUnit: '1s', gracefulStop: '5s' },
  ...{ startTime: `${startS}s`, duration: `${seconds}s`, preAllocatedVUs: 200, maxVUs: 1_000 },
});

/** Between two of them: what the last one left is paid. */
const restS = 5;

export const options: Options = {
  scenarios: {
    // Compiles the code of a fresh process, and is not looked at.
    warm: { ...atRate('create', 100, 0), duration: '5s' },
    service: atRate('create', 500, 5 + restS),
    gateway: atRate('read', 1_000, 5 + 2 * restS + seconds),
    concurrent: {
      ...{ executor: 'constant-vus' as const, exec: 'create', vus: 400, gracefulStop: '5s' },
      ...{ startTime: `${5 + 3 * restS + 2 * seconds}s`, duration: `${seconds}s` },
    },
  },
  // k6 keeps figures of a scenario where a threshold asks for them. Held to nothing here: the objectives are judged by who started it.
  thresholds: Object.fromEntries(
    ['service', 'gateway', 'concurrent'].flatMap((scenario) => [
      [`http_req_duration{scenario:${scenario}}`, ['p(95)>=0']],
      [`http_req_failed{scenario:${scenario}}`, ['rate>=0']],
      [`http_reqs{scenario:${scenario}}`, ['count>=0']],
    ]),
  ),
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

function merchant(): ReadMerchant {
  const found = merchants[execution.scenario.iterationInTest % merchants.length];
  if (found === undefined) throw new Error('no merchants');
  return found;
}

export function create(): void {
  const { merchant_id, api_key } = merchant();
  const number = execution.scenario.iterationInTest;
  const body = JSON.stringify({ merchant_id, amount_minor: 1 + (number % 500), currency: 'USD', reference: run });
  const key = `objectives-${run}-${execution.scenario.name}-${number}`;
  const headers = { authorization: `Bearer ${api_key}`, 'content-type': 'application/json', 'idempotency-key': key };
  http.post(url, body, { headers, tags: { name: 'create' } });
}

export function read(): void {
  const { api_key, settlement_id } = merchant();
  http.get(`${url}/${settlement_id}`, { headers: { authorization: `Bearer ${api_key}` }, tags: { name: 'read' } });
}
