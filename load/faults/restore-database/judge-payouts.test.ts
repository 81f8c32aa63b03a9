// The judge finds what it is there for: each row breaks one thing.

import { expect, test } from 'vitest';
import type { Entry } from '../../../scripts/simulated-provider/books.ts';
import { type BookedSettlement, judgePayouts, type Payouts } from './judge-payouts.ts';

const entry = (settlement_id: string, over: Partial<Entry['order']> = {}, returned = '0'): Entry => ({
  ...{ idempotency_key: `${settlement_id}-1`, provider_reference: `p-${settlement_id}`, code: null, changed_at_ms: 0 },
  order: {
    ...{
      settlement_id,
      submission: 1,
      amount_minor: '100',
      currency: 'USD',
      account: 'a',
      reference: `key of ${settlement_id}`,
    },
    ...over,
  },
  state: 'paid',
  returns: returned === '0' ? [] : [{ return_reference: 'r', amount_minor: returned, code: 'c' }],
});
const row = (settlement_id: string, over: Partial<BookedSettlement> = {}): BookedSettlement => ({
  ...{ settlement_id, merchant_id: 'm', state: 'completed', provider: 'one', amount_minor: '100', returned_minor: '0' },
  ...over,
});
const asked = [{ merchant_id: 'm', key: 'key of s1', amount_minor: 100, settlement_id: 's1' }];
const right: Payouts = {
  entries: new Map([
    ['one', [entry('s1')]],
    ['two', []],
  ]),
  booked: [row('s1')],
  asked,
  told: new Map([['evt_1', new Set(['paid'])]]),
};

test('what is right has no findings', () => {
  expect(judgePayouts(right)).toEqual({ paidTwice: 0, findings: [] });
});

test.each<[name: string, broken: Partial<Payouts>, paidTwice: number, finding: RegExp]>([
  [
    'paid by both',
    {
      entries: new Map([
        ['one', [entry('s1')]],
        ['two', [entry('s1')]],
      ]),
    },
    1,
    /s1 was paid 2 times/,
  ],
  [
    'one request under two ids',
    {
      entries: new Map([['one', [entry('s1'), entry('s2', { reference: 'key of s1' })]]]),
      booked: [row('s1'), row('s2')],
    },
    1,
    /the request key of s1 was paid 2 times/,
  ],
  ['paid and not booked', { booked: [row('s1', { state: 'queued', provider: null })] }, 0, /is queued here/],
  ['booked with another provider', { booked: [row('s1', { provider: 'two' })] }, 0, /with two/],
  [
    'a return that is not booked',
    { entries: new Map([['one', [entry('s1', {}, '40')]]]) },
    0,
    /40 came back, and 0 is booked/,
  ],
  ['booked and not paid', { booked: [row('s1'), row('s2')] }, 0, /s2 is completed, and nobody paid it/],
  ['asked for and gone', { entries: new Map(), booked: [] }, 0, /s1, asked for as key of s1, is not here/],
  [
    'a webhook id of two things',
    { told: new Map([['evt_1', new Set(['paid', 'failed'])]]) },
    0,
    /said different things/,
  ],
])('%s', (_, broken, paidTwice, finding) => {
  const judged = judgePayouts({ ...right, ...broken });
  expect(judged.paidTwice).toBe(paidTwice);
  expect(judged.findings.join('\n')).toMatch(finding);
});
