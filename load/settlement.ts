// A k6 script: settlements asked for at a fixed rate, whether or not the origin keeps up (an open model), by many merchants in
// turn, each with its own key; in the middle a month's end, for a tenth of the time. Some requests are repeated, some settlements
// read and listed. load/settlement-run.ts starts it and says in the environment where and how.

import { check } from 'k6';
import execution from 'k6/execution';
import http from 'k6/http';
import { Counter } from 'k6/metrics';
import type { Options } from 'k6/options';
import { merchantsOf } from './program-merchants.ts';

const perMinute = Number(__ENV['PER_MINUTE'] ?? 10_000);
const peakPerMinute = perMinute * Number(__ENV['PEAK'] ?? 5);
const seconds = Number(__ENV['SECONDS'] ?? 600);
const url = `${__ENV['ORIGIN_URL'] ?? 'http://127.0.0.1:8788'}/settlements`;
/** Keeps the idempotency keys of two runs apart. */
const run = __ENV['RUN'] ?? `${Date.now()}`;

/** Written by load/settlement-run.ts. */
const merchants = merchantsOf();

const created = new Counter('settlements_created');
const replayMismatches = new Counter('replay_mismatches');

/** Enough for every answer to take half a second in the peak: making one takes time in which k6 does not send. */
const virtualUsers = Math.max(20, Math.ceil(peakPerMinute / 120));
const beforeS = Math.round(seconds * 0.45);
const rampS = Math.min(10, Math.floor(beforeS / 2));
const peakS = Math.max(1, Math.round(seconds * 0.1));

export const options: Options = {
  scenarios: {
    settlement: {
      executor: 'ramping-arrival-rate',
      // A fresh process compiles its code with its first requests: not at the full rate.
      startRate: Math.ceil(perMinute / 10),
      timeUnit: '1m',
      stages: [
        { target: perMinute, duration: `${rampS}s` },
        { target: perMinute, duration: `${beforeS - rampS}s` },
        { target: peakPerMinute, duration: '0s' },
        { target: peakPerMinute, duration: `${peakS}s` },
        { target: perMinute, duration: '0s' },
        { target: perMinute, duration: `${Math.max(1, seconds - beforeS - peakS)}s` },
      ],
      preAllocatedVUs: virtualUsers,
      maxVUs: virtualUsers * 4,
    },
  },
  thresholds: {
    http_req_duration: [`p(99)<=${__ENV['P99_MS'] ?? 200}`],
    http_req_failed: ['rate==0'],
    checks: ['rate==1'],
    replay_mismatches: ['count==0'],
    dropped_iterations: ['count==0'],
  },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

/** Of so many settlements one is asked for again, one is read; of ten times so many, one page is listed. */
const every = 50;

export default function (): void {
  const number = execution.scenario.iterationInTest;
  const { merchant_id = '', api_key = '' } = merchants[number % merchants.length] ?? {};
  const headers = { authorization: `Bearer ${api_key}`, 'content-type': 'application/json' };
  const amount_minor = 1 + (number % 500);
  const body = JSON.stringify({ merchant_id, amount_minor, currency: 'USD', reference: `${run} ${number}` });
  const asking = { headers: { ...headers, 'idempotency-key': `load-${run}-${number}` }, tags: { name: 'create' } };

  const answer = http.post(url, body, asking);
  const isCreated = check(answer, {
    'created: 201': ({ status }) => status === 201,
    'what was asked for': (of) => of.status === 201 && of.json('reference') === `${run} ${number}`,
  });
  if (!isCreated) return;
  created.add(1);
  if (number % every === 0) repeat(asking, { body, first: `${answer.body}` });
  if (number % every === 1) read(headers, `${answer.json('settlement_id')}`);
  if (number % (every * 10) === 2) list(headers, merchant_id);
}

/** The same key and body: the first answer's bytes, and nothing more is created. */
function repeat(asking: { headers: Record<string, string> }, { body, first }: { body: string; first: string }): void {
  const again = http.post(url, body, { ...asking, tags: { name: 'repeat' } });
  const isSame = again.status === 201 && again.body === first && again.headers['Idempotency-Replayed'] === 'true';
  if (!isSame) replayMismatches.add(1);
}

function read(headers: Record<string, string>, settlementId: string): void {
  const answer = http.get(`${url}/${settlementId}`, { headers, tags: { name: 'read' } });
  check(answer, {
    'read: the one that was asked for': (of) => of.status === 200 && of.json('settlement_id') === settlementId,
  });
}

function list(headers: Record<string, string>, merchantId: string): void {
  const answer = http.get(`${url}?limit=20`, { headers, tags: { name: 'list' } });
  check(answer, {
    'listed: only the merchant’s own': (of) => {
      if (of.status !== 200) return false;
      const settlements = of.json('settlements') as { merchant_id: string }[];
      return settlements.length > 0 && settlements.every(({ merchant_id }) => merchant_id === merchantId);
    },
  });
}
