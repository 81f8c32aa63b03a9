import { expect, test } from 'vitest';
import { type Figures, judgeAtOnce, missedFigures, wrongAnswers } from './objectives-report.ts';

const rate = {
  ...{ requests: 10_000, p50_ms: 4, p95_ms: 20, p99_ms: 40 },
  ...{ failed_requests: 0, failed_checks: 0, dropped_iterations: 0 },
};
const good: Figures = {
  seconds: 20,
  service: { ...rate, settlements_created: 10_000 },
  gateway: { ...rate, requests: 20_000 },
  at_once: {
    ...{ rounds: 10, connections_min: 400, right: 4_000, wrong: 0, wrong_examples: [] },
    ...{ p50_ms: 100, p95_ms: 190, max_ms: 200 },
  },
  stored: 14_000,
  database: { count: 1_000, within: 960, p95AtMost: 0.01 },
  cache: { count: 1_000, within: 960, p95AtMost: 0.001 },
};

test('all right and all reached', () => {
  expect([wrongAnswers(good), missedFigures(good)]).toEqual([[], []]);
  expect(missedFigures({ ...good, cache: null })).toEqual([]);
});

test.each<[string, Partial<Figures>, string]>([
  [
    'a settlement with another amount',
    { service: { ...good.service, failed_checks: 1, settlements_created: 9_999 }, stored: 13_999 },
    'service: 1 wrong answers, 0 of them without 2xx',
  ],
  [
    'a read that is refused',
    { gateway: { ...good.gateway, failed_checks: 2, failed_requests: 2 } },
    'gateway: 2 wrong answers, 2 of them without 2xx',
  ],
  [
    'one of the many',
    {
      at_once: { ...good.at_once, right: 3_999, wrong: 1, wrong_examples: ['status 503 instead of 201'] },
      stored: 13_999,
    },
    'at once: 1 wrong answers: status 503 instead of 201',
  ],
  [
    'one that was accepted and is not there',
    { stored: 13_999 },
    '14000 settlements were accepted, and 13999 are stored',
  ],
  ['one that is there twice', { stored: 14_001 }, '14000 settlements were accepted, and 14001 are stored'],
])('wrong: %s', (_, change, says) => {
  expect(wrongAnswers({ ...good, ...change })).toEqual([says]);
});

test.each<[string, Partial<Figures>, string]>([
  ['service: late', { service: { ...good.service, p95_ms: 200 } }, 'service: p95 200 ms, under 200 ms wanted'],
  [
    'service: not asked so often',
    { service: { ...good.service, requests: 9_000, dropped_iterations: 1_000 } },
    'service: 450/s asked, 500/s wanted (1000 not sent in time)',
  ],
  ['gateway: late', { gateway: { ...good.gateway, p95_ms: 50.04 } }, 'gateway: p95 50 ms, under 50 ms wanted'],
  ['fewer at once', { at_once: { ...good.at_once, connections_min: 399 } }, 'at once: 399 connections, 400 wanted'],
  [
    'database',
    { database: { count: 1_000, within: 949, p95AtMost: 0.025 } },
    'database: 949 of 1000 within 10 ms, 95 of 100 wanted',
  ],
  [
    'cache: not used',
    { cache: { count: 0, within: 0, p95AtMost: null } },
    'cache: 0 of 0 within 1 ms, 95 of 100 wanted',
  ],
])('missed: %s', (_, change, says) => {
  expect(missedFigures({ ...good, ...change })).toEqual([says]);
});

const members = { merchant_id: 'merch_1', amount_minor: 5 };
const answered = (settlement_id: string, change: object = {}, status = 201) => ({
  ...{ status, tookMs: 10 },
  body: JSON.stringify({ ...members, settlement_id, ...change }),
});
const judged = (answers: Parameters<typeof judgeAtOnce>[0][number]['all']['answers']) =>
  judgeAtOnce([
    {
      asked: [1, 2].map(() => ({ status: 201, members })),
      all: { answers, connections: 2 },
    },
  ]);

test('at once: two right answers', () => {
  const right = { rounds: 1, connections_min: 2, right: 2, wrong: 0, p95_ms: 10, max_ms: 10 };
  expect(judged([answered('stl_1'), answered('stl_2')])).toMatchObject(right);
});

test.each([
  ['another amount', [answered('stl_1'), answered('stl_2', { amount_minor: 6 })], 'amount_minor 6 instead of 5'],
  ['a refusal', [answered('stl_1'), answered('stl_2', {}, 429)], 'status 429 instead of 201'],
  ['the same settlement twice', [answered('stl_1'), answered('stl_1')], 'the settlement of another question'],
  ['no id', [answered('stl_1'), answered('stl_2', { settlement_id: 7 })], 'no settlement_id'],
  [
    'a body cut short',
    [answered('stl_1'), { status: 201, body: '{"merchant_id":', tookMs: 1 }],
    'a body that is no JSON',
  ],
  ['no answer', [answered('stl_1'), 'socket hang up'], 'socket hang up'],
  ['fewer answers than questions', [answered('stl_1')], 'no answer'],
])('at once, wrong: %s', (_, answers, says) => {
  expect(judged(answers)).toMatchObject({ right: 1, wrong: 1, wrong_examples: [says] });
});
