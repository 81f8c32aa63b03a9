// A k6 script: card authorizations at a fixed rate, whether or not the edge keeps up (an open model), over many cards in turn.
// load/run.ts starts it and says in the environment where and how; what it asks of the answers are the thresholds below.

import { check } from 'k6';
import { SharedArray } from 'k6/data';
import encoding from 'k6/encoding';
import execution from 'k6/execution';
import http from 'k6/http';
import type { Options } from 'k6/options';
import { fillTemplate } from './fill-template.ts';

const rate = Number(__ENV['RATE'] ?? 300);
const seconds = Number(__ENV['SECONDS'] ?? 60);
const edgeUrl = __ENV['EDGE_URL'] ?? 'http://127.0.0.1:8787';
const authorization = `Basic ${encoding.b64encode(`${__ENV['MARQETA_USERNAME']}:${__ENV['MARQETA_PASSWORD']}`)}`;
/** Keeps the tokens of two runs apart: a token that was used before would get the answer it had then. */
const run = __ENV['RUN'] ?? `${Date.now()}`;

/** Written by load/run.ts: gateway messages with marks, and the tokens of the cards. */
const program = __ENV['PROGRAM'] ?? 'program.json';
// Each virtual user has its own few templates: what a SharedArray gives out it freezes, letter by letter, each time.
const templates: readonly string[] = JSON.parse(open(program)).templates;
const cardTokens = new SharedArray<string>('card tokens', () => JSON.parse(open(program)).card_tokens);

export const options: Options = {
  scenarios: {
    authorize: {
      executor: 'constant-arrival-rate',
      rate,
      duration: `${seconds}s`,
      // A virtual user waits for one answer at a time: enough of them from the start for every answer to take a second,
      // since making one takes time in which k6 does not send; at most, for every answer to come in the last moment that
      // Marqeta waits. Beyond, k6 drops iterations, and the run has failed.
      preAllocatedVUs: rate,
      maxVUs: rate * 3,
    },
  },
  thresholds: {
    http_req_duration: [`p(95)<=${__ENV['P95_MS'] ?? 5}`, `p(99)<=${__ENV['P99_MS'] ?? 10}`],
    http_req_failed: ['rate==0'],
    checks: ['rate==1'],
    dropped_iterations: ['count==0'],
  },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

// 402 is a decline, which is an answer; anything else is none.
http.setResponseCallback(http.expectedStatuses(200, 402));

export default function (): void {
  const number = execution.scenario.iterationInTest;
  const jit = `jit-${run}-${number}`;
  const body = fillTemplate(templates[number % templates.length] ?? '', {
    card: cardTokens[number % cardTokens.length] ?? '',
    transaction: `tx-${run}-${number}`,
    jit,
  });
  const answer = http.post(`${edgeUrl}/networks/marqeta/gateway`, body, {
    headers: { 'content-type': 'application/json', authorization },
    timeout: '3s', // Marqeta's own: later, it has declined by itself.
  });
  check(answer, {
    'a decision: 200 or 402': ({ status }) => status === 200 || status === 402,
    'of this request': (of) => of.status !== 0 && of.json('jit_funding.token') === jit,
    // Without this tag no card has decided: the edge gave up and answered by its failure policy.
    'made by the card': (of) =>
      of.status !== 0 && `${of.json('jit_funding.tags')}`.startsWith('authorization_id=auth_'),
  });
}
