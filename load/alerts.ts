// A k6 script: partners who ask for settlements and look at some of them, as a closed model (users with a pause between, I17) or an
// open one (a rate, whether or not the origin keeps up). Faults are load/alerts-run.ts's, at times that it says in the environment.

import { sleep } from 'k6';
import execution from 'k6/execution';
import http, { type RefinedResponse } from 'k6/http';
import { Counter } from 'k6/metrics';
import type { Options } from 'k6/options';
import { merchantsOf } from './program-merchants.ts';

const users = Number(__ENV['USERS'] ?? 400);
const perSecond = Number(__ENV['RATE'] ?? 300);
const rampS = Number(__ENV['RAMP_S'] ?? 300);
const holdS = Number(__ENV['HOLD_S'] ?? 900);
const isOpen = __ENV['MODEL'] === 'open';
const url = `${__ENV['ORIGIN_URL'] ?? 'http://127.0.0.1:8788'}/settlements`;
/** Keeps the idempotency keys of two runs apart. */
const run = __ENV['RUN'] ?? `${Date.now()}`;
/** When the origin is made to fail, in seconds from the start; what fails elsewhere was not meant to. */
const failsFromS = Number(__ENV['FAILS_FROM_S'] ?? 0);
const failsToS = Number(__ENV['FAILS_TO_S'] ?? 0);

/** Written by load/alerts-run.ts. */
const merchants = merchantsOf();

/** Of what was asked for every second one is looked at: with 400 users and 2 s between, 200 iterations and 300 requests a second. */
const requestsPerIteration = 1.5;
const iterationsPerSecond = Math.max(1, Math.round(perSecond / requestsPerIteration));

const meant = new Counter('failed_as_meant');
const unmeant = new Counter('failed_otherwise');

const asked = {
  executor: 'ramping-vus' as const,
  startVUs: 0,
  stages: [
    { target: users, duration: `${rampS}s` },
    { target: users, duration: `${holdS}s` },
  ],
  gracefulStop: '5s',
};
const byRate = {
  executor: 'ramping-arrival-rate' as const,
  startRate: 1,
  timeUnit: '1s',
  stages: [
    { target: iterationsPerSecond, duration: `${rampS}s` },
    { target: iterationsPerSecond, duration: `${holdS}s` },
  ],
  preAllocatedVUs: iterationsPerSecond,
  maxVUs: iterationsPerSecond * 4,
  gracefulStop: '5s',
};

export const options: Options = {
  scenarios: { partners: isOpen ? byRate : asked },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

export default function (): void {
  const number = execution.scenario.iterationInTest;
  const { merchant_id = '', api_key = '' } = merchants[number % merchants.length] ?? {};
  const headers = { authorization: `Bearer ${api_key}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ merchant_id, amount_minor: 1 + (number % 500), currency: 'USD', reference: run });
  const answer = http.post(url, body, {
    headers: { ...headers, 'idempotency-key': `alerts-${run}-${number}` },
    tags: { name: 'create' },
    timeout: '30s',
  });
  count(answer);
  if (answer.status === 201 && number % 2 === 0)
    count(http.get(`${url}/${answer.json('settlement_id')}`, { headers, tags: { name: 'read' }, timeout: '30s' }));
  if (!isOpen) sleep(1 + 2 * Math.random());
}

function count(answer: RefinedResponse<'text'>): void {
  if (answer.status >= 200 && answer.status < 300) return;
  const atS = (Date.now() - execution.scenario.startTime) / 1_000;
  // What was under way when the fault ended may be answered a little later.
  (atS >= failsFromS && atS <= failsToS + 10 ? meant : unmeant).add(1);
}
